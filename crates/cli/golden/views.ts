// Made by `spacetime generate`. Do not edit: the next run replaces it.
/* eslint-disable */
import {
  DbConnectionBuilder, DbConnectionImpl, SubscriptionBuilderImpl,
  convertToAccessorMap, makeQueryBuilder, procedureSchema, procedures as procedureSchemas,
  reducerSchema, reducers as reducerSchemas, schema, t, table,
  type DbConnectionConfig, type ErrorContextInterface, type EventContextInterface, type Infer,
  type ReducerEventContextInterface, type SubscriptionEventContextInterface, type SubscriptionHandleImpl,
} from 'spacetimedb';

export const Mood = t.enum('Mood', ['calm', 'wild']);
export type Mood = Infer<typeof Mood>;

const playerRow = t.row({
  id: t.u64().primaryKey(),
  identity: t.identity().unique(),
  name: t.string(),
  level: t.u32(),
  mood: Mood,
});
export type Player = Infer<typeof playerRow>;

const attemptsToWriteRow = t.row({
  what: t.string(),
  errno: t.u16(),
});
export type AttemptsToWriteRow = Infer<typeof attemptsToWriteRow>;

const brokenRow = t.row({
  what: t.string(),
  errno: t.u16(),
});
export type BrokenRow = Infer<typeof brokenRow>;

const endlessRow = t.row({
  what: t.string(),
  errno: t.u16(),
});
export type EndlessRow = Infer<typeof endlessRow>;

const myNotesRow = t.row({
  id: t.u64().primaryKey(),
  writer: t.identity(),
  text: t.string(),
  rating: t.option(t.i32()),
});
export type MyNotesRow = Infer<typeof myNotesRow>;

const myPlayerRow = t.row({
  id: t.u64(),
  identity: t.identity(),
  name: t.string(),
  level: t.u32(),
  mood: Mood,
});
export type MyPlayerRow = Infer<typeof myPlayerRow>;

const noteCountRow = t.row({
  rows: t.u64(),
});
export type NoteCountRow = Infer<typeof noteCountRow>;

const rankListRow = t.row({
  level: t.u32(),
  names: t.array(t.string()),
  first: t.option(t.string()),
  mood: Mood,
  ctid: t.i64(),
});
export type RankListRow = Infer<typeof rankListRow>;

const strongPlayersRow = t.row({
  id: t.u64(),
  identity: t.identity(),
  name: t.string(),
  level: t.u32(),
  mood: Mood,
});
export type StrongPlayersRow = Infer<typeof strongPlayersRow>;

const unstorableRow = t.row({
  what: t.string(),
  errno: t.u16(),
});
export type UnstorableRow = Infer<typeof unstorableRow>;

const weakPlayersRow = t.row({
  id: t.u64(),
  identity: t.identity(),
  name: t.string(),
  level: t.u32(),
  mood: Mood,
});
export type WeakPlayersRow = Infer<typeof weakPlayersRow>;

const wildNotesRow = t.row({
  id: t.u64(),
  writer: t.identity(),
  text: t.string(),
  rating: t.option(t.i32()),
});
export type WildNotesRow = Infer<typeof wildNotesRow>;

const tablesOfModule = schema({
  player: table({ name: 'player', indexes: [
    { accessor: 'id', name: 'player_id_idx_btree', algorithm: 'btree', columns: ['id'] },
    { accessor: 'identity', name: 'player_identity_idx_btree', algorithm: 'btree', columns: ['identity'] },
    { accessor: 'level', name: 'player_level_idx_btree', algorithm: 'btree', columns: ['level'] },
  ], constraints: [
    { name: 'player_id_key', constraint: 'unique', columns: ['id'] },
    { name: 'player_identity_key', constraint: 'unique', columns: ['identity'] },
  ] }, playerRow),
  attemptsToWrite: table({ name: 'attempts_to_write', indexes: [], constraints: [] }, attemptsToWriteRow),
  broken: table({ name: 'broken', indexes: [], constraints: [] }, brokenRow),
  endless: table({ name: 'endless', indexes: [], constraints: [] }, endlessRow),
  myNotes: table({ name: 'my_notes', indexes: [], constraints: [] }, myNotesRow),
  myPlayer: table({ name: 'my_player', indexes: [], constraints: [] }, myPlayerRow),
  noteCount: table({ name: 'note_count', indexes: [], constraints: [] }, noteCountRow),
  rankList: table({ name: 'rank_list', indexes: [], constraints: [] }, rankListRow),
  strongPlayers: table({ name: 'strong_players', indexes: [], constraints: [] }, strongPlayersRow),
  unstorable: table({ name: 'unstorable', indexes: [], constraints: [] }, unstorableRow),
  weakPlayers: table({ name: 'weak_players', indexes: [], constraints: [] }, weakPlayersRow),
  wildNotes: table({ name: 'wild_notes', indexes: [], constraints: [] }, wildNotesRow),
});

const reducersOfModule = reducerSchemas(
  reducerSchema('join', { name: t.string(), level: t.u32() }),
  reducerSchema('write_note', { text: t.string(), rating: t.option(t.i32()) }),
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
