import { useReducer } from 'spacetimedb/react';
import { useState } from 'react';
import { reducers, type User } from './bindings';
import { Form } from './Form';

/** Registers who has no name yet, and renames who has one. */
export function NameForm({ own }: { own?: User }) {
  const register = useReducer(reducers.registerUser);
  const rename = useReducer(reducers.setName);
  const [name, setName] = useState('');
  return (
    <Form
      label={own ? `You are ${own.name ?? 'nameless'}; new name` : 'Your name'}
      button={own ? 'Rename' : 'Join'}
      value={name}
      change={setName}
      submit={async () => {
        await (own ? rename({ name }) : register({ name }));
        setName('');
      }}
    />
  );
}
