// Login at an OpenID Connect issuer: authorization code flow with PKCE, which needs no secret in the page.

import type { Config } from './config';

type Issuer = NonNullable<Config['oidc']>;

const PENDING = 'spacetime-login';

const base64Url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const random = () => base64Url(crypto.getRandomValues(new Uint8Array(32)));

const redirectUri = () => location.origin + location.pathname;

async function endpoints(issuer: string): Promise<{ authorization_endpoint: string; token_endpoint: string }> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`the issuer does not describe itself: ${response.status}`);
  return response.json();
}

/** Leaves this page for the issuer's, which comes back with a code. */
export async function beginLogin({ issuer, clientId }: Issuer) {
  const { authorization_endpoint } = await endpoints(issuer);
  const pending = { state: random(), verifier: random() };
  const challenge = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pending.verifier));
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(authorization_endpoint);
  for (const [name, value] of Object.entries({
    response_type: 'code',
    scope: 'openid profile',
    client_id: clientId,
    redirect_uri: redirectUri(),
    state: pending.state,
    code_challenge: base64Url(new Uint8Array(challenge)),
    code_challenge_method: 'S256',
  })) {
    url.searchParams.set(name, value);
  }
  location.assign(url);
}

/** The token, if this page was just come back to from the issuer. */
export async function finishLogin({ issuer, clientId }: Issuer): Promise<string | undefined> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('state')) return;
  history.replaceState(null, '', redirectUri());
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? '{}');
  sessionStorage.removeItem(PENDING);
  // Anything else is an answer to a login that somebody else began.
  if (answer.get('state') !== pending.state) throw new Error('this login was not begun here');
  if (answer.has('error')) throw new Error(answer.get('error_description') ?? answer.get('error')!);

  const { token_endpoint } = await endpoints(issuer);
  const response = await fetch(token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      client_id: clientId,
      redirect_uri: redirectUri(),
      code_verifier: pending.verifier,
    }),
  });
  if (!response.ok) throw new Error(`the issuer gives no token: ${response.status}`);
  return (await response.json()).id_token;
}
