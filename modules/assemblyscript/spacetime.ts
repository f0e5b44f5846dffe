// The ABI between a module and its host, for AssemblyScript: the imports that ordinary modules need, and BSATN. The whole
// ABI, with what each function does, is in ../c/spacetime.h; the functions here have the same names without `st_`.

@external("spacetime_10.0", "table_id_from_name")
declare function table_id_from_name(name: usize, nameLen: u32, out: usize): u32;
@external("spacetime_10.0", "index_id_from_name")
declare function index_id_from_name(name: usize, nameLen: u32, out: usize): u32;
@external("spacetime_10.0", "datastore_table_row_count")
declare function datastore_table_row_count(table: u32, out: usize): u32;
@external("spacetime_10.0", "datastore_insert_bsatn")
declare function datastore_insert_bsatn(table: u32, row: usize, rowLen: usize): u32;
@external("spacetime_10.0", "datastore_update_bsatn")
declare function datastore_update_bsatn(table: u32, index: u32, row: usize, rowLen: usize): u32;
@external("spacetime_10.5", "datastore_clear")
declare function datastore_clear(table: u32, out: usize): u32;
@external("spacetime_10.4", "datastore_index_scan_point_bsatn")
declare function datastore_index_scan_point_bsatn(index: u32, point: usize, pointLen: u32, out: usize): u32;
@external("spacetime_10.0", "row_iter_bsatn_advance")
declare function row_iter_bsatn_advance(iter: u32, buffer: usize, bufferLen: usize): i32;
@external("spacetime_10.0", "bytes_source_read")
declare function bytes_source_read(source: u32, buffer: usize, bufferLen: usize): i32;
@external("spacetime_10.1", "bytes_source_remaining_length")
declare function bytes_source_remaining_length(source: u32, out: usize): u32;
@external("spacetime_10.0", "bytes_sink_write")
declare function bytes_sink_write(sink: u32, buffer: usize, bufferLen: usize): u32;
@external("spacetime_10.0", "console_log")
declare function console_log(
  level: u32, target: usize, targetLen: u32, file: usize, fileLen: u32, line: u32, message: usize, messageLen: u32
): void;

export const INFO: u32 = 2;
export const PANIC: u32 = 101;
const BUFFER_TOO_SMALL: i32 = 11;
const EXHAUSTED: i32 = -1;

/** Where the host writes ids, counts and lengths. */
const out = new StaticArray<u64>(1);

function outPointer(): usize {
  return changetype<usize>(out);
}

/** Ends the call with an error that the caller can do nothing about. */
function require(what: string, code: u32): void {
  if (code != 0) throw new Error(what + " failed with error number " + code.toString());
}

export function tableId(name: string): u32 {
  const bytes = new Writer().rawText(name);
  require("looking up table " + name, table_id_from_name(bytes.pointer, bytes.length, outPointer()));
  return <u32>out[0];
}

/** An index is called <table>_<columns joined with _>_idx_<btree|hash|direct>. */
export function indexId(name: string): u32 {
  const bytes = new Writer().rawText(name);
  require("looking up index " + name, index_id_from_name(bytes.pointer, bytes.length, outPointer()));
  return <u32>out[0];
}

export function rowCount(table: u32): u64 {
  require("counting", datastore_table_row_count(table, outPointer()));
  return out[0];
}

export function insert(table: u32, row: Writer): void {
  out[0] = row.length;
  require("inserting", datastore_insert_bsatn(table, row.pointer, outPointer()));
}

/** Replaces the row that has the same key in a unique index. */
export function update(table: u32, index: u32, row: Writer): void {
  out[0] = row.length;
  require("updating", datastore_update_bsatn(table, index, row.pointer, outPointer()));
}

/** Deletes all rows; returns how many there were. */
export function clear(table: u32): u64 {
  require("clearing", datastore_clear(table, outPointer()));
  return out[0];
}

/** The rows with one key, back to back. */
export function findPoint(index: u32, key: Writer): Reader {
  require("scanning", datastore_index_scan_point_bsatn(index, key.pointer, key.length, outPointer()));
  const iter = <u32>out[0];
  let buffer = new StaticArray<u8>(1024), length: u32 = 0;
  while (true) {
    out[0] = <u64>(<u32>buffer.length - length);
    const code = row_iter_bsatn_advance(iter, changetype<usize>(buffer) + length, outPointer());
    if (code == BUFFER_TOO_SMALL) {
      const larger = new StaticArray<u8>(<i32>(length + <u32>out[0]));
      memory.copy(changetype<usize>(larger), changetype<usize>(buffer), length);
      buffer = larger;
      continue;
    }
    if (code > 0) require("reading rows", code);
    length += <u32>out[0];
    if (code == EXHAUSTED) return new Reader(buffer, length);
  }
}

/** The arguments of a call: source 0 is none. */
export function readSource(source: u32): Reader {
  if (source == 0) return new Reader(new StaticArray<u8>(1), 0);
  require("measuring the arguments", bytes_source_remaining_length(source, outPointer()));
  const length = <u32>out[0];
  // Never without room: no pointer may be null.
  const buffer = new StaticArray<u8>(<i32>length + 1);
  let read: u32 = 0;
  while (true) {
    out[0] = <u64>(length + 1 - read);
    const code = bytes_source_read(source, changetype<usize>(buffer) + read, outPointer());
    if (code > 0) require("reading the arguments", code);
    read += <u32>out[0];
    if (code == EXHAUSTED) return new Reader(buffer, read);
  }
}

export function writeSink(sink: u32, bytes: Writer): void {
  out[0] = bytes.length;
  require("writing a result", bytes_sink_write(sink, bytes.pointer, outPointer()));
}

export function log(level: u32, message: string, file: string = "", line: u32 = u32.MAX_VALUE): void {
  const text = new Writer().rawText(message), name = new Writer().rawText(file);
  console_log(level, 0, 0, file.length == 0 ? 0 : name.pointer, name.length, line, text.pointer, text.length);
}

/** What the compiler calls when the module throws: the call ends in a trap, the reason is in the log. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  log(PANIC, message === null ? "abort" : message, file === null ? "" : file, line);
  unreachable();
}

/** Writes BSATN: integers little-endian, strings and arrays behind their u32 length. */
export class Writer {
  private bytes: StaticArray<u8> = new StaticArray<u8>(64);
  length: u32 = 0;

  get pointer(): usize {
    return changetype<usize>(this.bytes);
  }

  private grow(by: u32): usize {
    const needed = this.length + by;
    if (needed > <u32>this.bytes.length) {
      const larger = new StaticArray<u8>(<i32>max(needed, 2 * <u32>this.bytes.length));
      memory.copy(changetype<usize>(larger), this.pointer, this.length);
      this.bytes = larger;
    }
    const place = this.pointer + this.length;
    this.length = needed;
    return place;
  }

  /** An integer or float of any width, e.g. `put<u32>(7)`. */
  put<T>(value: T): Writer {
    store<T>(this.grow(sizeof<T>()), value);
    return this;
  }

  rawText(text: string): Writer {
    const length = <u32>String.UTF8.byteLength(text);
    const place = this.grow(length);
    String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, place);
    return this;
  }

  text(text: string): Writer {
    return this.put<u32>(<u32>String.UTF8.byteLength(text)).rawText(text);
  }

  /** The name of a field: names are optional. */
  name(name: string): Writer {
    return this.put<u8>(0).text(name);
  }

  noName(): Writer {
    return this.put<u8>(1);
  }
}

/** Reads BSATN. Reading behind the end throws. */
export class Reader {
  private at: u32 = 0;

  constructor(private bytes: StaticArray<u8>, private length: u32) {}

  get isEmpty(): bool {
    return this.at == this.length;
  }

  private take(count: u32): usize {
    if (count > this.length - this.at) throw new RangeError("the value ends too early");
    const place = changetype<usize>(this.bytes) + this.at;
    this.at += count;
    return place;
  }

  get<T>(): T {
    return load<T>(this.take(sizeof<T>()));
  }

  text(): string {
    const length = this.get<u32>();
    return String.UTF8.decodeUnsafe(this.take(length), length);
  }
}
