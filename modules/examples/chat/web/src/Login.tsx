import { useSpacetimeDB } from 'spacetimedb/react';
import { useState } from 'react';
import type { Config } from './config';
import { Form } from './Form';
import { beginLogin } from './oidc';
import { faultOf, switchTo } from './token';

/** Who this browser is, and how to be somebody else. */
export function Login({ config }: { config: Config & { gateway: string } }) {
  const { identity, token } = useSpacetimeDB();
  const [pasted, setPasted] = useState('');
  const [copied, setCopied] = useState(false);
  const [error, setError] = useState<string>();
  const { gateway, oidc } = config;
  return (
    <details className="login" open={!identity}>
      <summary>Account</summary>
      {identity && <code title="Your identity">{identity.toHexString()}</code>}
      <div className="buttons">
        {oidc && (
          <button onClick={() => beginLogin(oidc).catch((failure: Error) => setError(`Login: ${failure.message}`))}>
            Log in
          </button>
        )}
        {token && (
          <button onClick={() => navigator.clipboard.writeText(token).then(() => setCopied(true))}>
            {copied ? 'Copied' : 'Copy my token'}
          </button>
        )}
        <button onClick={() => switchTo(gateway)}>Be somebody new</button>
      </div>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <Form
        label="Token"
        button="Use"
        value={pasted}
        change={setPasted}
        submit={async () => {
          const token = pasted.trim();
          const fault = faultOf(token);
          if (fault) throw new Error(fault);
          switchTo(gateway, token);
        }}
      />
    </details>
  );
}
