// Made by `spacetime generate`. Do not edit: the next run replaces it.
/* eslint-disable */
import {
  DbConnectionBuilder, DbConnectionImpl, SubscriptionBuilderImpl,
  convertToAccessorMap, makeQueryBuilder, procedureSchema, procedures as procedureSchemas,
  reducerSchema, reducers as reducerSchemas, schema, t, table,
  type DbConnectionConfig, type ErrorContextInterface, type EventContextInterface, type Infer,
  type ReducerEventContextInterface, type SubscriptionEventContextInterface, type SubscriptionHandleImpl,
} from 'spacetimedb';

const messageRow = t.row({
  id: t.u64().primaryKey(),
  sender: t.identity(),
  receiver: t.identity(),
  content: t.string(),
  timestamp: t.timestamp(),
});
export type Message = Infer<typeof messageRow>;

const sessionRow = t.row({
  connection: t.connectionId().primaryKey(),
  client: t.identity(),
});
export type Session = Infer<typeof sessionRow>;

const userRow = t.row({
  id: t.identity().primaryKey(),
  name: t.option(t.string()),
});
export type User = Infer<typeof userRow>;

const tablesOfModule = schema({
  message: table({ name: 'message', indexes: [
    { accessor: 'id', name: 'message_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'message_id_key', constraint: 'unique', columns: ['id'] },
  ] }, messageRow),
  session: table({ name: 'session', indexes: [
    { accessor: 'connection', name: 'session_connection_idx_btree', algorithm: 'btree', columns: ['connection'] },
  ], constraints: [
    { name: 'session_connection_key', constraint: 'unique', columns: ['connection'] },
  ] }, sessionRow),
  user: table({ name: 'user', indexes: [
    { accessor: 'id', name: 'user_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'user_id_key', constraint: 'unique', columns: ['id'] },
  ] }, userRow),
});

const reducersOfModule = reducerSchemas(
  reducerSchema('register_user', { name: t.string() }),
  reducerSchema('send_message', { to: t.identity(), content: t.string() }),
  reducerSchema('set_name', { name: t.string() }),
);

const proceduresOfModule = procedureSchemas(
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
