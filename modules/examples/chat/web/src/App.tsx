import type { Identity } from 'spacetimedb';
import { useSpacetimeDB, useTable } from 'spacetimedb/react';
import { useState } from 'react';
import { tables, type User } from './bindings';
import type { Config } from './config';
import { Conversation } from './Conversation';
import { Login } from './Login';
import { NameForm } from './NameForm';
import { UserList } from './UserList';

type Props = { config: Config & { gateway: string } };

export function App({ config }: Props) {
  const { identity, isActive, connectionError } = useSpacetimeDB();
  // Who we were stays on the page while a lost connection is made again.
  const [me, setMe] = useState(identity);
  if (identity && identity !== me) setMe(identity);
  return (
    <>
      {!isActive && (
        <p className={connectionError ? 'banner error' : 'banner'} role="status">
          {connectionError
            ? `No connection to ${config.gateway}: ${connectionError.message || 'it does not answer'}. Trying again…`
            : `Connecting to ${config.gateway}…`}
        </p>
      )}
      {me ? <Chat config={config} me={me} /> : <Login config={config} />}
    </>
  );
}

function Chat({ config, me }: Props & { me: Identity }) {
  const [users, ready] = useTable(tables.user);
  const [sessions] = useTable(tables.session);
  const [partner, setPartner] = useState<string>();

  if (!ready) return <p className="hint">Loading…</p>;
  const own = users.find(user => user.id.isEqual(me));
  const online = new Set(sessions.map(session => session.client.toHexString()));
  const to = users.find(user => user.id.toHexString() === partner);
  return (
    <div className="chat">
      <aside>
        <h1>Chat</h1>
        {own && (
          <p className="me">
            You are <b>{nameOf(own)}</b>
          </p>
        )}
        <NameForm registered={own !== undefined} />
        {own && <UserList users={users} me={me} online={online} chosen={partner} choose={setPartner} />}
        <Login config={config} />
      </aside>
      <main>
        {own && to ? (
          <Conversation key={partner} me={me} users={users} partner={to} />
        ) : (
          <p className="hint">{own ? 'Choose whom to write to.' : 'Choose a name to begin.'}</p>
        )}
      </main>
    </div>
  );
}

/** How somebody is shown; SQL may have taken the name away. */
export const nameOf = (user: User) => user.name ?? `${user.id.toHexString().slice(-8)} (no name)`;
