import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Headers for pages that run no script at all. */
export function securityHeaders(authorizationURL: string | undefined): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        // Avatars are wherever Dribbble, or what stands in for it, keeps them.
        imgSrc: ["'self'", 'https:', ...(authorizationURL ? [new URL(authorizationURL).origin] : [])],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
}

/**
 * Dribbble sends people back to baseURL, and a session cookie belongs to one host: whoever opens this machine's
 * app under another of its names is sent to that one first.
 */
export function oneHost({ origin, host, hostname, port }: URL): RequestHandler {
  const local = ['localhost', '127.0.0.1', '[::1]'];
  const others = local.includes(hostname) ? local.map((name) => `${name}:${port}`) : [];
  return (req, res, next) => {
    const asked = req.get('host') ?? host;
    if (asked !== host && others.includes(asked)) res.redirect(307, origin + req.originalUrl);
    else next();
  };
}

/** SameSite cookies keep other sites' forms out already; this also keeps out those of other ports and subdomains. */
export const ownFormsOnly: RequestHandler = (req, _res, next) => {
  const from = req.get('sec-fetch-site');
  const isForeign = req.method === 'POST' && from !== undefined && from !== 'same-origin';
  next(isForeign && Object.assign(new Error('A form of another site'), { status: 403 }));
};
