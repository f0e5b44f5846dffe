import type { Identity } from 'spacetimedb';
import { nameOf } from './App';
import type { User } from './bindings';

type Props = {
  users: readonly User[];
  me: Identity;
  /** Identities that have a connection open, in hexadecimal. */
  online: ReadonlySet<string>;
  chosen?: string;
  choose: (identity: string) => void;
};

export function UserList({ users, me, online, chosen, choose }: Props) {
  const isOnline = (user: User) => online.has(user.id.toHexString());
  const sorted = [...users].sort(
    (a, b) => Number(isOnline(b)) - Number(isOnline(a)) || nameOf(a).localeCompare(nameOf(b)),
  );
  return (
    <ul className="users">
      {sorted.map(user => {
        const id = user.id.toHexString();
        return (
          <li key={id}>
            <button
              aria-pressed={id === chosen}
              className={isOnline(user) ? 'online' : 'offline'}
              title={isOnline(user) ? 'online' : 'offline'}
              onClick={() => choose(id)}
            >
              {nameOf(user)}
              {user.id.isEqual(me) && <small> (you)</small>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
