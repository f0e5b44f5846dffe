// Made by `spacetime generate`. Do not edit: the next run replaces it.
/* eslint-disable */
import {
  DbConnectionBuilder, DbConnectionImpl, SubscriptionBuilderImpl,
  convertToAccessorMap, makeQueryBuilder, procedureSchema, procedures as procedureSchemas,
  reducerSchema, reducers as reducerSchemas, schema, t, table,
  type DbConnectionConfig, type ErrorContextInterface, type EventContextInterface, type Infer,
  type ReducerEventContextInterface, type SubscriptionEventContextInterface, type SubscriptionHandleImpl,
} from 'spacetimedb';

const entryRow = t.row({
  id: t.u64().primaryKey(),
  text: t.string(),
  at: t.timestamp(),
  sender: t.identity(),
});
export type Entry = Infer<typeof entryRow>;

export const Verdict = t.enum('Verdict', { fine: t.unit(), refused: t.string() });
export type Verdict = Infer<typeof Verdict>;

export const Report = t.object('Report', { count: t.u64(), texts: t.array(t.string()), verdict: Verdict, remark: t.option(t.string()) });
export type Report = Infer<typeof Report>;

const tablesOfModule = schema({
  entry: table({ name: 'entry', indexes: [
    { accessor: 'id', name: 'entry_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'entry_id_key', constraint: 'unique', columns: ['id'] },
  ] }, entryRow),
});

const reducersOfModule = reducerSchemas(
  reducerSchema('add_entry', { text: t.string() }),
);

const proceduresOfModule = procedureSchemas(
  procedureSchema('add', { a: t.u32(), b: t.u32() }, t.u32()),
  procedureSchema('errnos', {}, t.array(t.u16())),
  procedureSchema('fetch', { url: t.string() }, t.result(t.string(), t.string())),
  procedureSchema('leave_open', {}, t.u16()),
  procedureSchema('record', { text: t.string() }, t.u64()),
  procedureSchema('record_and_sleep', { text: t.string(), milliseconds: t.u64() }, t.bool()),
  procedureSchema('record_both', { first: t.string(), second: t.string() }, t.unit()),
  procedureSchema('record_one_of', { first: t.string(), second: t.string() }, Report),
  procedureSchema('record_then_panic', { committed: t.string(), lost: t.string() }, t.u64()),
  procedureSchema('sleep', { milliseconds: t.u64() }, t.bool()),
  procedureSchema('sleep_within', {}, t.i64()),
  procedureSchema('spin', {}, t.unit()),
  procedureSchema('times', {}, t.array(t.bool())),
);

const remoteModule = {
  versionInfo: { cliVersion: '2.0.0' as const },
  tables: tablesOfModule.schemaType.tables,
  reducers: reducersOfModule.reducersType.reducers,
  ...proceduresOfModule,
};

/** The module's tables and views, to build queries of: `subscribe(tables.user.where(row => …))`. */
export const tables = makeQueryBuilder(tablesOfModule.schemaType);
/** The module's reducers, for hooks of user interface libraries. */
export const reducers = convertToAccessorMap(reducersOfModule.reducersType.reducers);
/** The module's procedures, for hooks of user interface libraries. */
export const procedures = convertToAccessorMap(proceduresOfModule.procedures);

export type EventContext = EventContextInterface<typeof remoteModule>;
export type ReducerEventContext = ReducerEventContextInterface<typeof remoteModule>;
export type SubscriptionEventContext = SubscriptionEventContextInterface<typeof remoteModule>;
export type ErrorContext = ErrorContextInterface<typeof remoteModule>;
export type SubscriptionHandle = SubscriptionHandleImpl<typeof remoteModule>;

export class SubscriptionBuilder extends SubscriptionBuilderImpl<typeof remoteModule> {}

/** A connection to the module: `DbConnection.builder().withUri(…).withDatabaseName(…).build()`. */
export class DbConnection extends DbConnectionImpl<typeof remoteModule> {
  static builder = (): DbConnectionBuilder<DbConnection> =>
    new DbConnectionBuilder<DbConnection>(
      remoteModule,
      (config: DbConnectionConfig<typeof remoteModule>) => new DbConnection(config),
    );

  override subscriptionBuilder = (): SubscriptionBuilder => new SubscriptionBuilder(this);
}
