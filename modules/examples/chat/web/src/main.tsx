import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { SpacetimeDBProvider } from 'spacetimedb/react';
import { App } from './App';
import { DbConnection } from './bindings';
import { loadConfig } from './config';
import { finishLogin } from './oidc';
import './style.css';
import { storedToken, storeToken } from './token';

const root = createRoot(document.getElementById('root')!);

async function start() {
  const config = await loadConfig();
  const token = config.oidc && (await finishLogin(config.oidc));
  if (token) storeToken(config.gateway, token);

  const connection = DbConnection.builder()
    .withUri(config.gateway)
    .withDatabaseName(config.module)
    .withToken(storedToken(config.gateway))
    // Who came without a token is given one, to come back with.
    .onConnect((_connection, _identity, token) => storeToken(config.gateway, token));
  root.render(
    <StrictMode>
      <SpacetimeDBProvider connectionBuilder={connection}>
        <App config={config} />
      </SpacetimeDBProvider>
    </StrictMode>,
  );
}

start().catch(error => root.render(<p className="error">The chat cannot start: {error.message}</p>));
