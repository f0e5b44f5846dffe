// What the client knows of the chat module: its public tables and the reducers clients may call. It has to agree with
// ../../src/lib.rs, down to the order of columns and parameters.
import {
  convertToAccessorMap,
  DbConnectionBuilder,
  DbConnectionImpl,
  makeQueryBuilder,
  procedures,
  reducers as reducersOf,
  reducerSchema,
  schema,
  t,
  table,
  type DbConnectionConfig,
  type Infer,
  type RemoteModule,
} from 'spacetimedb';

const User = t.row({
  id: t.identity().primaryKey(),
  name: t.option(t.string()),
});

const Message = t.row({
  id: t.u64().primaryKey(),
  sender: t.identity(),
  receiver: t.identity(),
  content: t.string(),
  timestamp: t.timestamp(),
});

const Session = t.row({
  connection: t.connectionId().primaryKey(),
  client: t.identity(),
});

const primaryKey = <Column extends string>(name: string, column: Column) => ({
  name,
  indexes: [
    { accessor: column, name: `${name}_${column}_idx_btree`, algorithm: 'btree' as const, columns: [column] as [Column] },
  ],
  constraints: [{ name: `${name}_${column}_key`, constraint: 'unique' as const, columns: [column] as [Column] }],
});

const tablesSchema = schema({
  user: table(primaryKey('user', 'id'), User),
  message: table(primaryKey('message', 'id'), Message),
  session: table(primaryKey('session', 'connection'), Session),
});

const reducersSchema = reducersOf(
  reducerSchema('register_user', { name: t.string() }),
  reducerSchema('set_name', { name: t.string() }),
  reducerSchema('send_message', { to: t.identity(), content: t.string() }),
);

const remoteModule = {
  versionInfo: { cliVersion: '2.10.1' as const },
  tables: tablesSchema.schemaType.tables,
  reducers: reducersSchema.reducersType.reducers,
  ...procedures(),
} satisfies RemoteModule<
  typeof tablesSchema.schemaType,
  typeof reducersSchema.reducersType,
  ReturnType<typeof procedures>
>;

export type User = Infer<typeof User>;
export type Message = Infer<typeof Message>;

/** The tables, to subscribe to. */
export const tables = makeQueryBuilder(tablesSchema.schemaType);
/** The reducers, to call. */
export const reducers = convertToAccessorMap(reducersSchema.reducersType.reducers);

export class DbConnection extends DbConnectionImpl<typeof remoteModule> {
  static builder = () =>
    new DbConnectionBuilder<DbConnection>(
      remoteModule,
      (config: DbConnectionConfig<typeof remoteModule>) => new DbConnection(config),
    );
}
