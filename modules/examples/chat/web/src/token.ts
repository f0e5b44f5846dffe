// The token is who you are. Each gateway has its own: none is ever sent to another.

const key = (gateway: string) => `spacetime-token ${gateway}`;

export const storedToken = (gateway: string) => localStorage.getItem(key(gateway)) ?? undefined;

export const storeToken = (gateway: string, token: string) => localStorage.setItem(key(gateway), token);

/** Becomes somebody else: by this token, or somebody new without one. */
export function switchTo(gateway: string, token?: string) {
  if (token) storeToken(gateway, token);
  else localStorage.removeItem(key(gateway));
  location.reload();
}

/** What is wrong with a token, or undefined. Whether its signature counts is for the gateway to say. */
export function faultOf(token: string): string | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return 'This is not a token: a token has three parts with dots between them.';
  try {
    const payload = JSON.parse(atob(parts[1].replaceAll('-', '+').replaceAll('_', '/')));
    if (typeof payload.exp === 'number' && payload.exp * 1000 < Date.now()) return 'This token has expired.';
  } catch {
    return 'This is not a token: its second part does not decode.';
  }
}
