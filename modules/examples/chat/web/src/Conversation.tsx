import type { Identity } from 'spacetimedb';
import { useReducer, useTable } from 'spacetimedb/react';
import { useEffect, useRef, useState } from 'react';
import { nameOf } from './App';
import { reducers, tables, type Message, type User } from './bindings';
import { Form } from './Form';

type Props = { me: Identity; users: readonly User[]; partner: User };

export function Conversation({ me, users, partner }: Props) {
  // The module's filters show only what we sent or received.
  const [all, ready] = useTable(tables.message);
  const send = useReducer(reducers.sendMessage);
  const [content, setContent] = useState('');

  const between = (message: Message) =>
    (message.sender.isEqual(me) && message.receiver.isEqual(partner.id)) ||
    (message.sender.isEqual(partner.id) && message.receiver.isEqual(me));
  const messages = all.filter(between).sort((a, b) => (a.id < b.id ? -1 : 1));

  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    end.current?.scrollIntoView();
  }, [messages.length]);

  const sender = (message: Message) => {
    const user = users.find(user => user.id.isEqual(message.sender));
    return user ? nameOf(user) : 'somebody';
  };
  return (
    <section className="conversation">
      <h2>{nameOf(partner)}</h2>
      <ol className="messages">
        {ready && messages.length === 0 && <li className="hint">Nothing yet. Say something!</li>}
        {messages.map(message => (
          <li key={String(message.id)} className={message.sender.isEqual(me) ? 'mine' : 'theirs'}>
            <b>{sender(message)}</b> <time>{message.timestamp.toDate().toLocaleTimeString()}</time>
            <p>{message.content}</p>
          </li>
        ))}
        <li ref={end} />
      </ol>
      <Form
        label="Message"
        button="Send"
        value={content}
        change={setContent}
        submit={async () => {
          await send({ to: partner.id, content });
          setContent('');
        }}
      />
    </section>
  );
}
