// A table of high scores.
//
//   table score (player String primary key, points i32), public
//   reducers submit(player, points): keeps the better of old and new; reset()

import { Reader, Writer, INFO, clear, findPoint, indexId, insert, log, readSource, tableId, update, writeSink } from "./spacetime";

export { abort } from "./spacetime";

const STRING: u8 = 4, I32: u8 = 10, PRODUCT: u8 = 2;
const DEFINITION_V10: u8 = 2, TYPESPACE: u8 = 0, TYPES: u8 = 1, TABLES: u8 = 2, REDUCERS: u8 = 3;

// Positions in the list of reducers.
const SUBMIT: u32 = 0, RESET: u32 = 1;

function fields(w: Writer): void {
  w.put<u32>(2).name("player").put<u8>(STRING).name("points").put<u8>(I32);
}

function reducer(w: Writer, name: string, hasFields: bool): void {
  w.text(name);
  if (hasFields) fields(w); else w.put<u32>(0);
  // Clients may call it; it returns nothing, or a string as error.
  w.put<u8>(1).put<u8>(PRODUCT).put<u32>(0).put<u8>(STRING);
}

export function __describe_module__(sink: u32): void {
  const w = new Writer();
  w.put<u8>(DEFINITION_V10).put<u32>(4);

  w.put<u8>(TYPESPACE).put<u32>(1).put<u8>(PRODUCT);
  fields(w);

  // No scope, the name, position in the typespace, no ordering of its own.
  w.put<u8>(TYPES).put<u32>(1).put<u32>(0).text("Score").put<u32>(0).put<u8>(0);

  // Name, row type, primary key; one btree index, one unique constraint, each on column 0 and without a name of its own.
  w.put<u8>(TABLES).put<u32>(1).text("score").put<u32>(0).put<u32>(1).put<u16>(0);
  w.put<u32>(1).noName().noName().put<u8>(0).put<u32>(1).put<u16>(0);
  w.put<u32>(1).noName().put<u8>(0).put<u32>(1).put<u16>(0);
  // No sequences; a user's table, public; no default values; no event table.
  w.put<u32>(0).put<u8>(1).put<u8>(0).put<u32>(0).put<u8>(0);

  w.put<u8>(REDUCERS).put<u32>(2);
  reducer(w, "submit", true);
  reducer(w, "reset", false);
  writeSink(sink, w);
}

/** Returns the error, or null. */
function submit(args: Reader): string | null {
  const player = args.text(), points = args.get<i32>();
  if (player.length == 0) return "a score needs a player";

  const table = tableId("score"), index = indexId("score_player_idx_btree");
  const row = new Writer().text(player).put<i32>(points);
  const found = findPoint(index, new Writer().text(player));
  if (found.isEmpty) {
    insert(table, row);
    return null;
  }
  found.text();
  if (points > found.get<i32>()) {
    update(table, index, row);
    log(INFO, player + " got better");
  }
  return null;
}

function reset(): string | null {
  log(INFO, clear(tableId("score")).toString() + " scores deleted");
  return null;
}

export function __call_reducer__(
  id: u32, sender0: u64, sender1: u64, sender2: u64, sender3: u64, connection0: u64, connection1: u64, timestamp: i64,
  args: u32, error: u32
): i32 {
  const reader = readSource(args);
  const problem = id == SUBMIT ? submit(reader) : reset();
  if (problem === null) return 0;
  writeSink(error, new Writer().rawText(problem));
  return 1;
}
