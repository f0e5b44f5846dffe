// Made by `spacetime generate`. Do not edit: the next run replaces it.
/* eslint-disable */
import {
  DbConnectionBuilder, DbConnectionImpl, SubscriptionBuilderImpl,
  convertToAccessorMap, makeQueryBuilder, procedureSchema, procedures as procedureSchemas,
  reducerSchema, reducers as reducerSchemas, schema, t, table,
  type DbConnectionConfig, type ErrorContextInterface, type EventContextInterface, type Infer,
  type ReducerEventContextInterface, type SubscriptionEventContextInterface, type SubscriptionHandleImpl,
} from 'spacetimedb';

const aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForNamesRow = t.row({
  aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOne: t.u32().primaryKey().name('a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_one'),
  aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForTwo: t.u32().name('a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_two'),
});
export type LongName = Infer<typeof aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForNamesRow>;

const aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOthersRow = t.row({
  id: t.u32().primaryKey(),
  aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOne: t.u32().name('a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_one'),
});
export type OtherLongName = Infer<typeof aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOthersRow>;

export const Color = t.enum('Color', ['red', 'green', 'null']);
export type Color = Infer<typeof Color>;

const colorRow = t.row({
  color: Color.primaryKey(),
  painted: t.string(),
});
export type Painted = Infer<typeof colorRow>;

const größeRow = t.row({
  '名前': t.u32().primaryKey(),
  'länge': t.i32(),
  '𠀀𠀁': t.string(),
});
export type Größe = Infer<typeof größeRow>;

const mixedcaseRow = t.row({
  id: t.u32().primaryKey(),
});
export type LowerCase = Infer<typeof mixedcaseRow>;

const mixedCaseRow = t.row({
  theId: t.u32().primaryKey().name('the_id'),
  plan9: t.u32().name('plan_9'),
});
export type MixedCase = Infer<typeof mixedCaseRow>;

const orderRow = t.row({
  select: t.u64().primaryKey(),
  from: t.u32(),
  to: t.u32(),
  user: t.string(),
  table: t.option(t.string()),
  group: t.option(t.i32()),
  end: t.bool(),
});
export type Order = Infer<typeof orderRow>;

const userRow = t.row({
  oid: t.u32().primaryKey(),
  xmin: t.i64().unique(),
  xmax: t.u64(),
  cmin: t.string(),
  cmax: t.bool(),
  ctid: t.byteArray(),
  tableoid: t.identity(),
});
export type User = Infer<typeof userRow>;

const tablesOfModule = schema({
  aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForNames: table({ name: 'a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_names', indexes: [
    { accessor: 'aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOne', name: 'a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_names_a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_one_idx_btree', algorithm: 'btree', columns: ['aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOne'] },
  ], constraints: [
    { name: 'a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_names_a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_one_key', constraint: 'unique', columns: ['aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOne'] },
  ] }, aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForNamesRow),
  aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOthers: table({ name: 'a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_others', indexes: [
    { accessor: 'id', name: 'a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_others_id_idx_btree', algorithm: 'btree', columns: ['id'] },
    { accessor: 'aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOne', name: 'a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_others_a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_one_idx_btree', algorithm: 'btree', columns: ['aColumnOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOne'] },
  ], constraints: [
    { name: 'a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_others_id_key', constraint: 'unique', columns: ['id'] },
  ] }, aNameOfEightyCharactersThatIsMuchLongerThanADatabaseAllowsForOthersRow),
  color: table({ name: 'color', indexes: [
    { accessor: 'color', name: 'color_color_idx_btree', algorithm: 'btree', columns: ['color'] },
  ], constraints: [
    { name: 'color_color_key', constraint: 'unique', columns: ['color'] },
  ] }, colorRow),
  'größe': table({ name: 'größe', indexes: [
    { accessor: '名前', name: 'größe_名前_idx_btree', algorithm: 'btree', columns: ['名前'] },
    { accessor: 'länge', name: 'größe_länge_idx_btree', algorithm: 'btree', columns: ['länge'] },
  ], constraints: [
    { name: 'größe_名前_key', constraint: 'unique', columns: ['名前'] },
  ] }, größeRow),
  mixedcase: table({ name: 'mixedcase', indexes: [
    { accessor: 'id', name: 'mixedcase_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'mixedcase_id_key', constraint: 'unique', columns: ['id'] },
  ] }, mixedcaseRow),
  mixedCase: table({ name: 'MixedCase', indexes: [
    { accessor: 'theId', name: 'MixedCase_the_id_idx_btree', algorithm: 'btree', columns: ['theId'] },
    { accessor: 'plan9', name: 'MixedCase_plan_9_idx_btree', algorithm: 'btree', columns: ['plan9'] },
  ], constraints: [
    { name: 'MixedCase_the_id_key', constraint: 'unique', columns: ['theId'] },
  ] }, mixedCaseRow),
  order: table({ name: 'order', indexes: [
    { accessor: 'select', name: 'order_select_idx_btree', algorithm: 'btree', columns: ['select'] },
    { accessor: 'byFromTo', name: 'order_from_to_idx_btree', algorithm: 'btree', columns: ['from', 'to'] },
  ], constraints: [
    { name: 'order_select_key', constraint: 'unique', columns: ['select'] },
  ] }, orderRow),
  user: table({ name: 'user', indexes: [
    { accessor: 'oid', name: 'user_oid_idx_btree', algorithm: 'btree', columns: ['oid'] },
    { accessor: 'xmin', name: 'user_xmin_idx_btree', algorithm: 'btree', columns: ['xmin'] },
    { accessor: 'xmax', name: 'user_xmax_idx_btree', algorithm: 'btree', columns: ['xmax'] },
  ], constraints: [
    { name: 'user_oid_key', constraint: 'unique', columns: ['oid'] },
    { name: 'user_xmin_key', constraint: 'unique', columns: ['xmin'] },
  ] }, userRow),
});

const reducersOfModule = reducerSchemas(
  reducerSchema('a_reducer_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_it', { aParameterOfSeventyCharactersThatIsLongerThanPostgresPermits: t.u32() }),
  reducerSchema('check_all', {}),
  reducerSchema('größe_setzen', { 'größe': t.u32() }),
  reducerSchema('now', { currentUser: t.u32() }),
  reducerSchema('select', { from: t.u32(), limit: t.u32(), user: t.u32() }),
  reducerSchema('text', { array: t.u32() }),
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
