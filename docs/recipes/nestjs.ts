import 'reflect-metadata';
import {
  Catch,
  Controller,
  Get,
  Injectable,
  Module,
  Req,
  Res,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type ExceptionFilter,
  type ExecutionContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import type { Request, Response } from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';

@Injectable()
class DribbbleLogin extends PassportStrategy(DribbbleStrategy) {
  constructor() {
    super({
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/auth/dribbble/callback',
    });
  }

  // Find or create your user by profile.id here. What you return is req.user.
  validate(accessToken: string, refreshToken: string | undefined, profile: DribbbleProfile) {
    return { id: profile.id, name: profile.displayName };
  }
}

@Injectable()
class Serializer extends PassportSerializer {
  serializeUser(user: Express.User, done: (error: unknown, user?: unknown) => void) {
    done(null, user);
  }
  deserializeUser(user: Express.User, done: (error: unknown, user?: Express.User) => void) {
    done(null, user);
  }
}

/** Nest's guard leaves the session alone: this one signs in. */
@Injectable()
class DribbbleGuard extends AuthGuard('dribbble') {
  override async canActivate(context: ExecutionContext) {
    const isSignedIn = (await super.canActivate(context)) as boolean;
    await super.logIn(context.switchToHttp().getRequest<Request>());
    return isSignedIn;
  }
}

/** Sends a person whose login failed, by Cancel for instance, to a page that says why. */
@Catch(UnauthorizedException)
class FailedLogin implements ExceptionFilter {
  catch(error: UnauthorizedException, host: ArgumentsHost) {
    const req = host.switchToHttp().getRequest<Request>();
    const info = req.authInfo as { message?: string } | undefined;
    (req.session as { message?: string }).message = info?.message ?? error.message;
    host.switchToHttp().getResponse<Response>().redirect('/');
  }
}

@Controller()
class LoginController {
  @Get('auth/dribbble')
  @UseGuards(AuthGuard('dribbble'))
  begin() {
    // The guard sends the browser to Dribbble.
  }

  @Get('auth/dribbble/callback')
  @UseGuards(DribbbleGuard)
  @UseFilters(FailedLogin)
  end(@Res() res: Response) {
    res.redirect('/');
  }

  @Get()
  home(@Req() req: Request) {
    const session = req.session as { message?: string };
    const { message } = session;
    delete session.message;
    return req.user ?? (message ? { message } : {});
  }
}

@Module({
  imports: [PassportModule],
  controllers: [LoginController],
  providers: [DribbbleLogin, Serializer],
})
class AppModule {}

async function main() {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }));
  app.use(passport.session());
  await app.listen(3000);
}
void main();
