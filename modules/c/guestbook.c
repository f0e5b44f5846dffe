// A guest book: anybody signs, and strikes out what they have signed themselves. The smallest module that reads, writes
// and refuses; see README.md.
//
//   table entry (id u64 primary key auto-increment, author Identity, at Timestamp, text String), public
//   reducers sign(text), strike(id)

#include "spacetime.h"

enum { SIGN = 0, STRIKE = 1 }; // as listed in the definition

static const uint32_t TEXT_MAX = 500;

// One call runs at a time, so buffers can be static.
static uint8_t arguments[4096];
static uint8_t row[4096];
static uint8_t found[4096];

static void put_table(st_writer *w) {
    st_put_text(w, ST_TEXT("entry"));
    st_put_u32(w, 0);      // its rows have type 0 of the typespace
    st_put_column(w, 0);   // primary key
    st_put_u32(w, 1);      // one index
    st_put_no_name(w);     // called entry_id_idx_btree then
    st_put_no_name(w);
    st_put_u8(w, 0);       // btree
    st_put_column(w, 0);
    st_put_u32(w, 1);      // one constraint
    st_put_no_name(w);
    st_put_u8(w, 0);       // unique
    st_put_column(w, 0);
    st_put_u32(w, 1);      // one sequence
    st_put_no_name(w);
    st_put_u16(w, 0);
    st_put_u8(w, 1);       // start,
    st_put_u8(w, 1);       // minimum
    st_put_u8(w, 1);       // and maximum as usual
    st_put_u64(w, 1);      // increment: i128
    st_put_u64(w, 0);
    st_put_u8(w, 1);       // a user's table
    st_put_u8(w, 0);       // public
    st_put_u32(w, 0);      // no default values
    st_put_u8(w, false);   // no event table
}

void describe_module(uint32_t sink) {
    static uint8_t definition[1024];
    st_writer w = {definition, 0, sizeof definition};
    st_put_u8(&w, ST_DEFINITION_V10);
    st_put_u32(&w, 4);

    st_section(&w, ST_SECTION_TYPESPACE, 1);
    st_put_u8(&w, ST_TYPE_PRODUCT);
    st_put_u32(&w, 4);
    st_put_field(&w, ST_TEXT("id"), ST_TYPE_U64);
    st_put_special(&w, ST_TEXT("author"), ST_IDENTITY);
    st_put_special(&w, ST_TEXT("at"), ST_TIMESTAMP);
    st_put_field(&w, ST_TEXT("text"), ST_TYPE_STRING);

    st_section(&w, ST_SECTION_TYPES, 1);
    st_put_type_name(&w, ST_TEXT("Entry"), 0);

    st_section(&w, ST_SECTION_TABLES, 1);
    put_table(&w);

    st_section(&w, ST_SECTION_REDUCERS, 2);
    st_put_text(&w, ST_TEXT("sign"));
    st_put_u32(&w, 1);
    st_put_field(&w, ST_TEXT("text"), ST_TYPE_STRING);
    st_put_callable(&w);
    st_put_text(&w, ST_TEXT("strike"));
    st_put_u32(&w, 1);
    st_put_field(&w, ST_TEXT("id"), ST_TYPE_U64);
    st_put_callable(&w);

    st_sink_write(sink, w.bytes, &w.len);
}

// The end of a reducer that refuses: the caller gets the message, the transaction is rolled back.
static int32_t refuse(uint32_t error, const char *message, uint32_t len) {
    st_sink_write(error, (const uint8_t *)message, &len);
    return 1;
}

static void require(st_errno code) {
    if (code != 0) __builtin_trap();
}

static int32_t sign(st_identity sender, int64_t timestamp_us, st_reader *args, uint32_t error) {
    uint32_t text_len;
    const char *text = st_get_text(args, &text_len);
    if (text_len == 0) return refuse(error, ST_TEXT("an entry needs a text"));
    if (text_len > TEXT_MAX) return refuse(error, ST_TEXT("an entry takes 500 bytes at most"));

    uint32_t table;
    require(st_table_id(ST_TEXT("entry"), &table));
    st_writer w = {row, 0, sizeof row};
    st_put_u64(&w, 0); // the host draws the id
    st_put(&w, &sender, sizeof sender);
    st_put_i64(&w, timestamp_us);
    st_put_text(&w, text, text_len);
    require(st_insert(table, w.bytes, &w.len));
    st_console_log(ST_INFO, 0, 0, ST_TEXT("guestbook.c"), __LINE__, ST_TEXT("signed"));
    return 0;
}

static int32_t strike(st_identity sender, st_reader *args, uint32_t error) {
    const uint8_t *id = st_take(args, 8);
    uint32_t index, iter, deleted, len = sizeof found;
    require(st_index_id(ST_TEXT("entry_id_idx_btree"), &index));
    require(st_scan_point(index, id, 8, &iter));
    if (st_iter_advance(iter, found, &len) != ST_EXHAUSTED) __builtin_trap(); // a key has one row at most
    if (len == 0) return refuse(error, ST_TEXT("there is no such entry"));

    st_reader entry = {found, len, 8};
    if (__builtin_memcmp(st_take(&entry, sizeof sender), &sender, sizeof sender) != 0)
        return refuse(error, ST_TEXT("that is somebody else's entry"));
    require(st_delete_point(index, id, 8, &deleted));
    return 0;
}

int32_t call_reducer(uint32_t id, uint64_t sender0, uint64_t sender1, uint64_t sender2, uint64_t sender3,
                     uint64_t connection0, uint64_t connection1, int64_t timestamp_us, uint32_t args, uint32_t error) {
    st_identity sender = st_identity_of(sender0, sender1, sender2, sender3);
    // The host has checked the arguments against the definition; longer ones than this are nobody's guest book.
    uint32_t args_len = 0;
    if (args != 0) require(st_source_remaining(args, &args_len));
    if (args_len > sizeof arguments) return refuse(error, ST_TEXT("an entry takes 500 bytes at most"));
    st_reader reader = st_read_source(args, arguments, sizeof arguments);
    switch (id) {
    case SIGN: return sign(sender, timestamp_us, &reader, error);
    case STRIKE: return strike(sender, &reader, error);
    default: __builtin_trap();
    }
}

// clang may call it for __builtin_memcmp; there is no C library here.
int memcmp(const void *a, const void *b, unsigned long count) {
    const uint8_t *x = a, *y = b;
    for (; count > 0; count--, x++, y++)
        if (*x != *y) return *x < *y ? -1 : 1;
    return 0;
}
