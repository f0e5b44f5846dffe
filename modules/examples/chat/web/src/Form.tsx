import { useState, type FormEvent } from 'react';

type Props = {
  label: string;
  button: string;
  value: string;
  change: (value: string) => void;
  /** What it fails with is shown: the reducer's own words. */
  submit: () => Promise<void>;
};

/** One field, one button, and what went wrong. */
export function Form({ label, button, value, change, submit }: Props) {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await submit();
      setError(undefined);
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={onSubmit}>
      <input aria-label={label} placeholder={label} value={value} onChange={event => change(event.target.value)} />
      <button disabled={busy}>{button}</button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
