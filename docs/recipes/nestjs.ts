import 'reflect-metadata';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Req,
  Res,
  UseGuards,
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

@Controller()
class LoginController {
  @Get('auth/dribbble')
  @UseGuards(AuthGuard('dribbble'))
  begin() {
    // The guard sends the browser to Dribbble.
  }

  @Get('auth/dribbble/callback')
  @UseGuards(DribbbleGuard)
  end(@Res() res: Response) {
    res.redirect('/');
  }

  @Get()
  home(@Req() req: Request) {
    return req.user ?? {};
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
