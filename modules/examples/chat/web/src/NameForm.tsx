import { useReducer } from 'spacetimedb/react';
import { useState } from 'react';
import { reducers } from './bindings';
import { Form } from './Form';

/** Registers who is new here, and renames who is not. */
export function NameForm({ registered }: { registered: boolean }) {
  const register = useReducer(reducers.registerUser);
  const rename = useReducer(reducers.setName);
  const [name, setName] = useState('');
  return (
    <Form
      label={registered ? 'New name' : 'Your name'}
      button={registered ? 'Rename' : 'Join'}
      value={name}
      change={setName}
      submit={async () => {
        await (registered ? rename({ name }) : register({ name }));
        setName('');
      }}
    />
  );
}
