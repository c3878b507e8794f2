import type { KoaContextWithOIDC } from 'oidc-provider';

/** Dribbble answers in the words of Doorkeeper, the OAuth library of Rails applications. */
export const words: Partial<Record<string, string>> = {
  access_denied: 'The resource owner or authorization server denied the request.',
  invalid_client:
    'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
  invalid_grant:
    'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
  invalid_request:
    'The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.',
  invalid_scope: 'The requested scope is invalid, unknown, or malformed.',
  redirect_uri_mismatch: 'The redirect_uri MUST match the registered callback URL for this application.',
  unsupported_grant_type: 'The authorization grant type is not supported by the authorization server.',
  unsupported_response_type: 'The authorization server does not support this response type.',
};

/** Turns what oidc-provider put into the context into what Dribbble would have answered. */
export function speakLikeDribbble(ctx: KoaContextWithOIDC): void {
  if (ctx.path !== '/oauth/token') redirect(ctx);
  else if (ctx.status === 200) token(ctx);
  else tokenError(ctx);
}

function token(ctx: KoaContextWithOIDC): void {
  const { access_token, scope } = ctx.body as Record<string, string>;
  ctx.body = { access_token, token_type: 'bearer', scope, created_at: Math.floor(Date.now() / 1000) };
}

function tokenError(ctx: KoaContextWithOIDC): void {
  const said = (ctx.body as { error: string }).error;
  const error = ctx.oidc.client ? said : 'invalid_client';
  const missing =
    error === 'invalid_request' && ['grant_type', 'code'].find((name) => !ctx.oidc.params?.[name]);
  ctx.status = error === 'invalid_client' ? 401 : 400;
  ctx.body = {
    error,
    error_description: missing ? `Missing required parameter: ${missing}.` : words[error],
  };
}

/** Dribbble sends no `iss` back to the application. */
function redirect(ctx: KoaContextWithOIDC): void {
  const location = ctx.response.get('location');
  if (!URL.canParse(location)) return;
  const back = new URL(location);
  const description = words[back.searchParams.get('error') ?? ''];
  back.searchParams.delete('iss');
  if (description) back.searchParams.set('error_description', description);
  ctx.set('location', back.href);
}
