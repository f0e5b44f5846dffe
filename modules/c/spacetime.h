// The ABI between a module and its host, for C: everything a module can import, what it must export, and the little that
// every module needs besides (BSATN, module definitions). README.md explains it with the example guestbook.c.
//
// Conventions: integers are little-endian; pointers and lengths are 32 bits; no pointer may be null, even for a length of
// 0. Functions that return `st_errno` give 0 or one of the numbers below; what they write through `out` pointers is valid
// only after 0. Namespaces are versions: `spacetime_10.4` means a host of at least that version.

#ifndef SPACETIME_H
#define SPACETIME_H

#include <stdbool.h>
#include <stdint.h>

#define ST_IMPORT(minor, name) __attribute__((import_module("spacetime_10." #minor), import_name(#name)))
#define ST_EXPORT(name) __attribute__((export_name(#name)))

// --- Error numbers ----------------------------------------------------------------------------------------------------

typedef uint32_t st_errno;

enum {
    ST_HOST_CALL_FAILURE = 1,
    ST_NOT_IN_TRANSACTION = 2,
    ST_BSATN_DECODE_ERROR = 3,
    ST_NO_SUCH_TABLE = 4,
    ST_NO_SUCH_INDEX = 5,
    ST_NO_SUCH_ITER = 6,
    ST_NO_SUCH_CONSOLE_TIMER = 7,
    ST_NO_SUCH_BYTES = 8,
    ST_NO_SPACE = 9,
    ST_WRONG_INDEX_ALGO = 10,
    ST_BUFFER_TOO_SMALL = 11,
    ST_UNIQUE_ALREADY_EXISTS = 12,
    ST_SCHEDULE_AT_DELAY_TOO_LONG = 13,
    ST_INDEX_NOT_UNIQUE = 14,
    ST_NO_SUCH_ROW = 15,
    ST_AUTO_INC_OVERFLOW = 16,
    ST_WOULD_BLOCK_TRANSACTION = 17,
    ST_TRANSACTION_NOT_ANONYMOUS = 18,
    ST_TRANSACTION_IS_READ_ONLY = 19,
    ST_TRANSACTION_IS_MUT = 20,
    ST_HTTP_ERROR = 21,
};

// --- Tables -----------------------------------------------------------------------------------------------------------
// Ids hold as long as the instance lives; names are those of the definition. Inside `__describe_module__` and before, all
// of these give ST_NOT_IN_TRANSACTION.

ST_IMPORT(0, table_id_from_name)
st_errno st_table_id(const char *name, uint32_t name_len, uint32_t *out_table);

// An index is called <table>_<columns joined with _>_idx_<btree|hash|direct>.
ST_IMPORT(0, index_id_from_name)
st_errno st_index_id(const char *name, uint32_t name_len, uint32_t *out_index);

ST_IMPORT(0, datastore_table_row_count)
st_errno st_row_count(uint32_t table, uint64_t *out_count);

// `row` is the BSATN of a whole row. Auto-increment columns that are 0 get a number: those numbers, and nothing else, are
// written over the beginning of `row`, and their length to `row_len`. A row that is there already is no error.
ST_IMPORT(0, datastore_insert_bsatn)
st_errno st_insert(uint32_t table, uint8_t *row, uint32_t *row_len);

// Replaces the row that has the same key in `index`, which must be unique. Otherwise as st_insert.
ST_IMPORT(0, datastore_update_bsatn)
st_errno st_update(uint32_t table, uint32_t index, uint8_t *row, uint32_t *row_len);

// `rows` is the BSATN of an array of whole rows.
ST_IMPORT(0, datastore_delete_all_by_eq_bsatn)
st_errno st_delete_equal(uint32_t table, const uint8_t *rows, uint32_t rows_len, uint32_t *out_count);

ST_IMPORT(5, datastore_clear)
st_errno st_clear(uint32_t table, uint64_t *out_count);

// --- Scans ------------------------------------------------------------------------------------------------------------
// A scan shows what there was when it began. Read it with st_iter_advance until that returns ST_EXHAUSTED, or close it.

ST_IMPORT(0, datastore_table_scan_bsatn)
st_errno st_scan_table(uint32_t table, uint32_t *out_iter);

// `point`: the values of all columns of the index, back to back.
ST_IMPORT(4, datastore_index_scan_point_bsatn)
st_errno st_scan_point(uint32_t index, const uint8_t *point, uint32_t point_len, uint32_t *out_iter);

ST_IMPORT(4, datastore_delete_by_index_scan_point_bsatn)
st_errno st_delete_point(uint32_t index, const uint8_t *point, uint32_t point_len, uint32_t *out_count);

// `prefix`: the values of the first `prefix_elems` columns of the index. `start` and `end` bound the next column: the byte
// 0 and a value (included), 1 and a value (excluded), or 2 (no bound). Not for hash indexes.
ST_IMPORT(0, datastore_index_scan_range_bsatn)
st_errno st_scan_range(uint32_t index, const uint8_t *prefix, uint32_t prefix_len, uint32_t prefix_elems,
                       const uint8_t *start, uint32_t start_len, const uint8_t *end, uint32_t end_len,
                       uint32_t *out_iter);

ST_IMPORT(0, datastore_delete_by_index_scan_range_bsatn)
st_errno st_delete_range(uint32_t index, const uint8_t *prefix, uint32_t prefix_len, uint32_t prefix_elems,
                         const uint8_t *start, uint32_t start_len, const uint8_t *end, uint32_t end_len,
                         uint32_t *out_count);

// Reads whole rows. `buffer_len`: in, the room; out, the bytes written. Returns ST_EXHAUSTED together with the last rows
// (the iterator is then gone), 0 if there are more, ST_BUFFER_TOO_SMALL if not one row fits: `buffer_len` is then the room
// that is needed.
#define ST_EXHAUSTED (-1)
ST_IMPORT(0, row_iter_bsatn_advance)
int32_t st_iter_advance(uint32_t iter, uint8_t *buffer, uint32_t *buffer_len);

ST_IMPORT(0, row_iter_bsatn_close)
st_errno st_iter_close(uint32_t iter);

// --- Byte streams: arguments come as sources, results and definitions go to sinks ---------------------------------------

// As st_iter_advance, without regard to rows. Source 0 is empty and must not be read.
ST_IMPORT(0, bytes_source_read)
int32_t st_source_read(uint32_t source, uint8_t *buffer, uint32_t *buffer_len);

ST_IMPORT(1, bytes_source_remaining_length)
st_errno st_source_remaining(uint32_t source, uint32_t *out_len);

ST_IMPORT(0, bytes_sink_write)
st_errno st_sink_write(uint32_t sink, const uint8_t *buffer, uint32_t *buffer_len);

// --- Log and timers ---------------------------------------------------------------------------------------------------

enum { ST_ERROR = 0, ST_WARN = 1, ST_INFO = 2, ST_DEBUG = 3, ST_TRACE = 4, ST_PANIC = 101 };

// `target` and `file` may be null (0) here, `line` UINT32_MAX for none. Kept also when the call is rolled back.
ST_IMPORT(0, console_log)
void st_console_log(uint32_t level, const char *target, uint32_t target_len, const char *file, uint32_t file_len,
                    uint32_t line, const char *message, uint32_t message_len);

ST_IMPORT(0, console_timer_start)
uint32_t st_timer_start(const char *name, uint32_t name_len);

// Logs how long the timer ran.
ST_IMPORT(0, console_timer_end)
st_errno st_timer_end(uint32_t timer);

// --- Surroundings -----------------------------------------------------------------------------------------------------

typedef struct { uint8_t bytes[32]; } st_identity;      // little-endian
typedef struct { uint8_t bytes[16]; } st_connection_id; // little-endian; all zeros: an internal call

// The identity of the module.
ST_IMPORT(0, identity)
void st_module_identity(st_identity *out);

// The claims of a connection's token as JSON text, or source 0.
ST_IMPORT(2, get_jwt)
st_errno st_jwt(const st_connection_id *connection, uint32_t *out_source);

// Value of an environment variable that the definition declares, or source 0.
ST_IMPORT(6, env_get)
st_errno st_env(const char *name, uint32_t name_len, uint32_t *out_source);

// Runs a reducer soon, in a transaction of its own.
ST_IMPORT(0, volatile_nonatomic_schedule_immediate)
void st_schedule_immediate(const char *reducer, uint32_t reducer_len, const uint8_t *args, uint32_t args_len);

// --- Procedures only --------------------------------------------------------------------------------------------------

ST_IMPORT(3, procedure_sleep_until)
int64_t st_sleep_until(int64_t unix_us);
ST_IMPORT(3, procedure_start_mut_tx)
st_errno st_start_tx(int64_t *out_timestamp_us);
ST_IMPORT(3, procedure_commit_mut_tx)
st_errno st_commit_tx(void);
ST_IMPORT(3, procedure_abort_mut_tx)
st_errno st_abort_tx(void);
// `out`: sources of the response and of its body.
ST_IMPORT(3, procedure_http_request)
st_errno st_http_request(const uint8_t *request, uint32_t request_len, const uint8_t *body, uint32_t body_len,
                         uint32_t out[2]);

// --- Exports ----------------------------------------------------------------------------------------------------------
// A module must define these two, and export its memory as `memory` (the linker does). Optional: `__preinit__<anything>`
// () -> (), run at start in the order of their names.

// Writes the module definition to `sink`. Called once on each new instance.
ST_EXPORT(__describe_module__)
void describe_module(uint32_t sink);

// Runs reducer `id`, its position in the definition. `sender` and `connection` come in words, least significant first.
// Returns 0, or 1 after writing an error message (UTF-8) to `error`: everything is then rolled back.
ST_EXPORT(__call_reducer__)
int32_t call_reducer(uint32_t id, uint64_t sender0, uint64_t sender1, uint64_t sender2, uint64_t sender3,
                     uint64_t connection0, uint64_t connection1, int64_t timestamp_us, uint32_t args, uint32_t error);

static inline st_identity st_identity_of(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3) {
    union { uint64_t words[4]; st_identity identity; } sender = {{w0, w1, w2, w3}};
    return sender.identity;
}

// --- BSATN ------------------------------------------------------------------------------------------------------------
// Integers: little-endian. Strings and arrays: u32 length, then the bytes or elements. Products: the fields, back to back.
// Sums: u8 tag, then the payload. Option: 0 and the value, or 1.

typedef struct {
    uint8_t *bytes;
    uint32_t len;
    uint32_t room;
} st_writer;

// A value that does not fit is a bug of the module: the call ends and is rolled back.
static inline void st_put(st_writer *w, const void *bytes, uint32_t len) {
    if (len > w->room - w->len) __builtin_trap();
    __builtin_memcpy(w->bytes + w->len, bytes, len);
    w->len += len;
}

static inline void st_put_u8(st_writer *w, uint8_t value) { st_put(w, &value, 1); }
static inline void st_put_u16(st_writer *w, uint16_t value) { st_put(w, &value, 2); }
static inline void st_put_u32(st_writer *w, uint32_t value) { st_put(w, &value, 4); }
static inline void st_put_u64(st_writer *w, uint64_t value) { st_put(w, &value, 8); }
static inline void st_put_i64(st_writer *w, int64_t value) { st_put(w, &value, 8); }

static inline void st_put_text(st_writer *w, const char *text, uint32_t len) {
    st_put_u32(w, len);
    st_put(w, text, len);
}

// A string literal.
#define ST_TEXT(literal) (literal), (uint32_t)(sizeof(literal) - 1)

typedef struct {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t at;
} st_reader;

static inline const uint8_t *st_take(st_reader *r, uint32_t len) {
    if (len > r->len - r->at) __builtin_trap();
    r->at += len;
    return r->bytes + r->at - len;
}

static inline uint32_t st_get_u32(st_reader *r) {
    uint32_t value;
    __builtin_memcpy(&value, st_take(r, 4), 4);
    return value;
}

static inline uint64_t st_get_u64(st_reader *r) {
    uint64_t value;
    __builtin_memcpy(&value, st_take(r, 8), 8);
    return value;
}

// Reads a string; it is not terminated.
static inline const char *st_get_text(st_reader *r, uint32_t *out_len) {
    *out_len = st_get_u32(r);
    return (const char *)st_take(r, *out_len);
}

// Reads a source to its end.
static inline st_reader st_read_source(uint32_t source, uint8_t *buffer, uint32_t room) {
    st_reader r = {buffer, 0, 0};
    for (int32_t code = source == 0 ? ST_EXHAUSTED : 0; code != ST_EXHAUSTED;) {
        uint32_t len = room - r.len;
        code = st_source_read(source, buffer + r.len, &len);
        if (code > 0 || (code == 0 && len == 0)) __builtin_trap();
        r.len += len;
    }
    return r;
}

// --- Module definitions (version 10) ------------------------------------------------------------------------------------
// A definition is the byte ST_DEFINITION_V10, a u32 count of sections, and the sections: a tag of these, then its list.

#define ST_DEFINITION_V10 2

enum { ST_SECTION_TYPESPACE = 0, ST_SECTION_TYPES = 1, ST_SECTION_TABLES = 2, ST_SECTION_REDUCERS = 3 };

enum {
    ST_TYPE_REF = 0, ST_TYPE_SUM = 1, ST_TYPE_PRODUCT = 2, ST_TYPE_ARRAY = 3, ST_TYPE_STRING = 4, ST_TYPE_BOOL = 5,
    ST_TYPE_I8 = 6, ST_TYPE_U8 = 7, ST_TYPE_I16 = 8, ST_TYPE_U16 = 9, ST_TYPE_I32 = 10, ST_TYPE_U32 = 11,
    ST_TYPE_I64 = 12, ST_TYPE_U64 = 13, ST_TYPE_I128 = 14, ST_TYPE_U128 = 15, ST_TYPE_I256 = 16, ST_TYPE_U256 = 17,
    ST_TYPE_F32 = 18, ST_TYPE_F64 = 19,
};

static inline void st_section(st_writer *w, uint8_t section, uint32_t count) {
    st_put_u8(w, section);
    st_put_u32(w, count);
}

// The name of a field, a variant, an index: names are optional.
static inline void st_put_name(st_writer *w, const char *name, uint32_t len) {
    st_put_u8(w, 0);
    st_put_text(w, name, len);
}

static inline void st_put_no_name(st_writer *w) { st_put_u8(w, 1); }

// A field of a simple type.
static inline void st_put_field(st_writer *w, const char *name, uint32_t len, uint8_t type) {
    st_put_name(w, name, len);
    st_put_u8(w, type);
}

// A field of a special type: a product with one field whose name says which.
static inline void st_put_special(st_writer *w, const char *name, uint32_t len, const char *special,
                                  uint32_t special_len, uint8_t type) {
    st_put_name(w, name, len);
    st_put_u8(w, ST_TYPE_PRODUCT);
    st_put_u32(w, 1);
    st_put_field(w, special, special_len, type);
}

#define ST_IDENTITY ST_TEXT("__identity__"), ST_TYPE_U256
#define ST_CONNECTION_ID ST_TEXT("__connection_id__"), ST_TYPE_U128
#define ST_TIMESTAMP ST_TEXT("__timestamp_micros_since_unix_epoch__"), ST_TYPE_I64

// A list of one column.
static inline void st_put_column(st_writer *w, uint16_t column) {
    st_put_u32(w, 1);
    st_put_u16(w, column);
}

// An entry of ST_SECTION_TYPES: gives typespace entry `type` its name.
static inline void st_put_type_name(st_writer *w, const char *name, uint32_t len, uint32_t type) {
    st_put_u32(w, 0); // no scope
    st_put_text(w, name, len);
    st_put_u32(w, type);
    st_put_u8(w, false); // no ordering of its own
}

// What follows the parameters of a reducer that clients may call: visibility, result and error type.
static inline void st_put_callable(st_writer *w) {
    st_put_u8(w, 1);
    st_put_u8(w, ST_TYPE_PRODUCT);
    st_put_u32(w, 0);
    st_put_u8(w, ST_TYPE_STRING);
}

#endif
