// Made by `spacetime generate`. Do not edit: the next run replaces it.
/* eslint-disable */
import {
  DbConnectionBuilder, DbConnectionImpl, SubscriptionBuilderImpl,
  convertToAccessorMap, makeQueryBuilder, procedureSchema, procedures as procedureSchemas,
  reducerSchema, reducers as reducerSchemas, schema, t, table,
  type DbConnectionConfig, type ErrorContextInterface, type EventContextInterface, type Infer,
  type ReducerEventContextInterface, type SubscriptionEventContextInterface, type SubscriptionHandleImpl,
} from 'spacetimedb';

export const Cause = t.enum('Cause', { fall: t.unit(), hit: t.identity() });
export type Cause = Infer<typeof Cause>;

const damageRow = t.row({
  id: t.u64().primaryKey(),
  target: t.string(),
  amount: t.i32(),
  ticket: t.option(t.u32()),
  zone: t.u8(),
  cause: Cause,
  share: t.f32(),
});
export type Damage = Infer<typeof damageRow>;

const seenRow = t.row({
  id: t.u64(),
  before: t.u64(),
  after: t.u64(),
});
export type Seen = Infer<typeof seenRow>;

const tablesOfModule = schema({
  damage: table({ name: 'damage', event: true, indexes: [
    { accessor: 'id', name: 'damage_id_idx_btree', algorithm: 'btree', columns: ['id'] },
    { accessor: 'ticket', name: 'damage_ticket_idx_btree', algorithm: 'btree', columns: ['ticket'] },
    { accessor: 'byTarget', name: 'damage_target_amount_idx_btree', algorithm: 'btree', columns: ['target', 'amount'] },
    { accessor: 'zone', name: 'damage_zone_idx_hash', algorithm: 'hash', columns: ['zone'] },
  ], constraints: [
    { name: 'damage_id_key', constraint: 'unique', columns: ['id'] },
    { name: 'damage_ticket_key', constraint: 'unique', columns: ['ticket'] },
  ] }, damageRow),
  seen: table({ name: 'seen', indexes: [
  ], constraints: [
  ] }, seenRow),
});

const reducersOfModule = reducerSchemas(
  reducerSchema('check_all', {}),
  reducerSchema('emit', { target: t.string() }),
  reducerSchema('emit_and_fail', {}),
  reducerSchema('emit_without_end', {}),
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
