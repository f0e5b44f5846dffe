/** Where everything is: `config.json`, beside `index.html`. Not in the URL, where strangers could write it. */
export interface Config {
  /** The gateway; without it port 3000 of the host this page comes from. */
  gateway?: string;
  /** The name of the chat's module. */
  module: string;
  /** Who proves who you are, and what it knows this page as. Without it there is no "Log in". */
  oidc?: { issuer: string; clientId: string };
}

export async function loadConfig(): Promise<Required<Pick<Config, 'gateway'>> & Config> {
  const response = await fetch('config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json: ${response.status} ${response.statusText}`);
  const config: Config = await response.json();
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return { ...config, gateway: config.gateway ?? `${scheme}://${location.hostname}:3000` };
}
