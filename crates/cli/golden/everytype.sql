-- Made by `spacetime generate`. The schema is the module's: SET search_path = "my-module";

SELECT key, twin, sorted, hashed, note FROM by_bool;

SELECT key, twin, sorted, hashed, note FROM by_connection_id;

SELECT key, twin, sorted, hashed, note FROM by_i_128;

SELECT key, twin, sorted, hashed, note FROM by_i_16;

SELECT key, twin, sorted, hashed, note FROM by_i_256;

SELECT key, twin, sorted, hashed, note FROM by_i_32;

SELECT key, twin, sorted, hashed, note FROM by_i_64;

SELECT key, twin, sorted, hashed, note FROM by_i_8;

SELECT key, twin, sorted, hashed, note FROM by_identity;

SELECT key, twin, sorted, hashed, note FROM by_status;

SELECT key, twin, sorted, hashed, note FROM by_string;

SELECT key, twin, sorted, hashed, note FROM by_timestamp;

SELECT key, twin, sorted, hashed, note FROM by_u_128;

SELECT key, twin, sorted, hashed, note FROM by_u_16;

SELECT key, twin, sorted, hashed, note FROM by_u_256;

SELECT key, twin, sorted, hashed, note FROM by_u_32;

SELECT key, twin, sorted, hashed, note FROM by_u_64;

SELECT key, twin, sorted, hashed, note FROM by_u_8;

SELECT key, twin, sorted, hashed, note FROM by_uuid;

SELECT key, note FROM direct_status;

SELECT key, note FROM direct_u_16;

SELECT key, note FROM direct_u_32;

SELECT key, note FROM direct_u_64;

SELECT key, note FROM direct_u_8;

SELECT id, note, at, sender, connection_id, is_internal, timer_present FROM fired;

SELECT id, text, big, flag, status, owner, at, tag FROM mixed;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_bool;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_bytes;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_connection_id;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_duration;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_f_32;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_f_64;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_i_128;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_i_16;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_i_256;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_i_32;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_i_64;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_i_8;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_identity;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_large_result;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_line;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_nothing;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_point;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_result;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_schedule_at;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_shape;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_status;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_string;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_timestamp;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_u_128;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_u_16;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_u_256;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_u_32;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_u_64;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_u_8;

SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM of_uuid;

SELECT scheduled_id, scheduled_at, note, fails FROM timer;

-- reducer
SELECT cancel_timers();

-- reducer
SELECT check_all();

-- reducer
SELECT check_by_bool();

-- reducer
SELECT check_by_connection_id();

-- reducer
SELECT check_by_i_128();

-- reducer
SELECT check_by_i_16();

-- reducer
SELECT check_by_i_256();

-- reducer
SELECT check_by_i_32();

-- reducer
SELECT check_by_i_64();

-- reducer
SELECT check_by_i_8();

-- reducer
SELECT check_by_identity();

-- reducer
SELECT check_by_status();

-- reducer
SELECT check_by_string();

-- reducer
SELECT check_by_timestamp();

-- reducer
SELECT check_by_u_128();

-- reducer
SELECT check_by_u_16();

-- reducer
SELECT check_by_u_256();

-- reducer
SELECT check_by_u_32();

-- reducer
SELECT check_by_u_64();

-- reducer
SELECT check_by_u_8();

-- reducer
SELECT check_by_uuid();

-- reducer
SELECT check_columns();

-- reducer
SELECT check_direct();

-- reducer
SELECT check_keys();

-- reducer
SELECT check_mixed();

-- reducer
SELECT check_of_bool();

-- reducer
SELECT check_of_bytes();

-- reducer
SELECT check_of_connection_id();

-- reducer
SELECT check_of_duration();

-- reducer
SELECT check_of_f_32();

-- reducer
SELECT check_of_f_64();

-- reducer
SELECT check_of_i_128();

-- reducer
SELECT check_of_i_16();

-- reducer
SELECT check_of_i_256();

-- reducer
SELECT check_of_i_32();

-- reducer
SELECT check_of_i_64();

-- reducer
SELECT check_of_i_8();

-- reducer
SELECT check_of_identity();

-- reducer
SELECT check_of_large_result();

-- reducer
SELECT check_of_line();

-- reducer
SELECT check_of_nothing();

-- reducer
SELECT check_of_point();

-- reducer
SELECT check_of_result();

-- reducer
SELECT check_of_schedule_at();

-- reducer
SELECT check_of_shape();

-- reducer
SELECT check_of_status();

-- reducer
SELECT check_of_string();

-- reducer
SELECT check_of_timestamp();

-- reducer
SELECT check_of_u_128();

-- reducer
SELECT check_of_u_16();

-- reducer
SELECT check_of_u_256();

-- reducer
SELECT check_of_u_32();

-- reducer
SELECT check_of_u_64();

-- reducer
SELECT check_of_u_8();

-- reducer
SELECT check_of_uuid();

-- reducer
SELECT check_random(seed => $1::numeric, rounds => $2::bigint);

-- reducer
SELECT insert_by_bool(key => $1::boolean, twin => $2::boolean, sorted => $3::boolean, hashed => $4::boolean, note => $5::text);

-- reducer
SELECT insert_by_connection_id(key => $1::bytea, twin => $2::bytea, sorted => $3::bytea, hashed => $4::bytea, note => $5::text);

-- reducer
SELECT insert_by_i_128(key => $1::numeric, twin => $2::numeric, sorted => $3::numeric, hashed => $4::numeric, note => $5::text);

-- reducer
SELECT insert_by_i_16(key => $1::smallint, twin => $2::smallint, sorted => $3::smallint, hashed => $4::smallint, note => $5::text);

-- reducer
SELECT insert_by_i_256(key => $1::numeric, twin => $2::numeric, sorted => $3::numeric, hashed => $4::numeric, note => $5::text);

-- reducer
SELECT insert_by_i_32(key => $1::integer, twin => $2::integer, sorted => $3::integer, hashed => $4::integer, note => $5::text);

-- reducer
SELECT insert_by_i_64(key => $1::bigint, twin => $2::bigint, sorted => $3::bigint, hashed => $4::bigint, note => $5::text);

-- reducer
SELECT insert_by_i_8(key => $1::smallint, twin => $2::smallint, sorted => $3::smallint, hashed => $4::smallint, note => $5::text);

-- reducer
SELECT insert_by_identity(key => $1::bytea, twin => $2::bytea, sorted => $3::bytea, hashed => $4::bytea, note => $5::text);

-- reducer
SELECT insert_by_status(key => $1::"Status", twin => $2::"Status", sorted => $3::"Status", hashed => $4::"Status", note => $5::text);

-- reducer
SELECT insert_by_string(key => $1::text, twin => $2::text, sorted => $3::text, hashed => $4::text, note => $5::text);

-- reducer
SELECT insert_by_timestamp(key => $1::timestamptz, twin => $2::timestamptz, sorted => $3::timestamptz, hashed => $4::timestamptz, note => $5::text);

-- reducer
SELECT insert_by_u_128(key => $1::numeric, twin => $2::numeric, sorted => $3::numeric, hashed => $4::numeric, note => $5::text);

-- reducer
SELECT insert_by_u_16(key => $1::integer, twin => $2::integer, sorted => $3::integer, hashed => $4::integer, note => $5::text);

-- reducer
SELECT insert_by_u_256(key => $1::numeric, twin => $2::numeric, sorted => $3::numeric, hashed => $4::numeric, note => $5::text);

-- reducer
SELECT insert_by_u_32(key => $1::bigint, twin => $2::bigint, sorted => $3::bigint, hashed => $4::bigint, note => $5::text);

-- reducer
SELECT insert_by_u_64(key => $1::numeric, twin => $2::numeric, sorted => $3::numeric, hashed => $4::numeric, note => $5::text);

-- reducer
SELECT insert_by_u_8(key => $1::smallint, twin => $2::smallint, sorted => $3::smallint, hashed => $4::smallint, note => $5::text);

-- reducer
SELECT insert_by_uuid(key => $1::uuid, twin => $2::uuid, sorted => $3::uuid, hashed => $4::uuid, note => $5::text);

-- reducer
SELECT insert_direct_status(key => $1::"Status", note => $2::text);

-- reducer
SELECT insert_direct_u_16(key => $1::integer, note => $2::text);

-- reducer
SELECT insert_direct_u_32(key => $1::bigint, note => $2::text);

-- reducer
SELECT insert_direct_u_64(key => $1::numeric, note => $2::text);

-- reducer
SELECT insert_direct_u_8(key => $1::smallint, note => $2::text);

-- reducer
SELECT insert_mixed(text => $1::text, big => $2::numeric, flag => $3::boolean, status => $4::"Status", owner => $5::bytea, at => $6::timestamptz, tag => $7::uuid);

-- reducer
SELECT insert_of_bool(id => $1::bigint, plain => $2::boolean, optional => $3::boolean, twice_optional => $4::jsonb, list => $5::boolean[], optional_list => $6::boolean[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_bytes(id => $1::bigint, plain => $2::bytea, optional => $3::bytea, twice_optional => $4::jsonb, list => $5::bytea[], optional_list => $6::bytea[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_connection_id(id => $1::bigint, plain => $2::bytea, optional => $3::bytea, twice_optional => $4::jsonb, list => $5::bytea[], optional_list => $6::bytea[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_duration(id => $1::bigint, plain => $2::bigint, optional => $3::bigint, twice_optional => $4::jsonb, list => $5::bigint[], optional_list => $6::bigint[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_f_32(id => $1::bigint, plain => $2::real, optional => $3::real, twice_optional => $4::jsonb, list => $5::real[], optional_list => $6::real[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_f_64(id => $1::bigint, plain => $2::double precision, optional => $3::double precision, twice_optional => $4::jsonb, list => $5::double precision[], optional_list => $6::double precision[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_i_128(id => $1::bigint, plain => $2::numeric, optional => $3::numeric, twice_optional => $4::jsonb, list => $5::numeric[], optional_list => $6::numeric[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_i_16(id => $1::bigint, plain => $2::smallint, optional => $3::smallint, twice_optional => $4::jsonb, list => $5::smallint[], optional_list => $6::smallint[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_i_256(id => $1::bigint, plain => $2::numeric, optional => $3::numeric, twice_optional => $4::jsonb, list => $5::numeric[], optional_list => $6::numeric[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_i_32(id => $1::bigint, plain => $2::integer, optional => $3::integer, twice_optional => $4::jsonb, list => $5::integer[], optional_list => $6::integer[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_i_64(id => $1::bigint, plain => $2::bigint, optional => $3::bigint, twice_optional => $4::jsonb, list => $5::bigint[], optional_list => $6::bigint[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_i_8(id => $1::bigint, plain => $2::smallint, optional => $3::smallint, twice_optional => $4::jsonb, list => $5::smallint[], optional_list => $6::smallint[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_identity(id => $1::bigint, plain => $2::bytea, optional => $3::bytea, twice_optional => $4::jsonb, list => $5::bytea[], optional_list => $6::bytea[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_large_result(id => $1::bigint, plain => $2::jsonb, optional => $3::jsonb, twice_optional => $4::jsonb, list => $5::jsonb, optional_list => $6::jsonb, list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_line(id => $1::bigint, plain => $2::jsonb, optional => $3::jsonb, twice_optional => $4::jsonb, list => $5::jsonb, optional_list => $6::jsonb, list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_nothing(id => $1::bigint, plain => $2::jsonb, optional => $3::jsonb, twice_optional => $4::jsonb, list => $5::jsonb, optional_list => $6::jsonb, list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_point(id => $1::bigint, plain => $2::jsonb, optional => $3::jsonb, twice_optional => $4::jsonb, list => $5::jsonb, optional_list => $6::jsonb, list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_result(id => $1::bigint, plain => $2::jsonb, optional => $3::jsonb, twice_optional => $4::jsonb, list => $5::jsonb, optional_list => $6::jsonb, list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_schedule_at(id => $1::bigint, plain => $2::jsonb, optional => $3::jsonb, twice_optional => $4::jsonb, list => $5::jsonb, optional_list => $6::jsonb, list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_shape(id => $1::bigint, plain => $2::jsonb, optional => $3::jsonb, twice_optional => $4::jsonb, list => $5::jsonb, optional_list => $6::jsonb, list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_status(id => $1::bigint, plain => $2::"Status", optional => $3::"Status", twice_optional => $4::jsonb, list => $5::"Status"[], optional_list => $6::"Status"[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_string(id => $1::bigint, plain => $2::text, optional => $3::text, twice_optional => $4::jsonb, list => $5::text[], optional_list => $6::text[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_timestamp(id => $1::bigint, plain => $2::timestamptz, optional => $3::timestamptz, twice_optional => $4::jsonb, list => $5::timestamptz[], optional_list => $6::timestamptz[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_u_128(id => $1::bigint, plain => $2::numeric, optional => $3::numeric, twice_optional => $4::jsonb, list => $5::numeric[], optional_list => $6::numeric[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_u_16(id => $1::bigint, plain => $2::integer, optional => $3::integer, twice_optional => $4::jsonb, list => $5::integer[], optional_list => $6::integer[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_u_256(id => $1::bigint, plain => $2::numeric, optional => $3::numeric, twice_optional => $4::jsonb, list => $5::numeric[], optional_list => $6::numeric[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_u_32(id => $1::bigint, plain => $2::bigint, optional => $3::bigint, twice_optional => $4::jsonb, list => $5::bigint[], optional_list => $6::bigint[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_u_64(id => $1::bigint, plain => $2::numeric, optional => $3::numeric, twice_optional => $4::jsonb, list => $5::numeric[], optional_list => $6::numeric[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_u_8(id => $1::bigint, plain => $2::smallint, optional => $3::smallint, twice_optional => $4::jsonb, list => $5::bytea, optional_list => $6::bytea, list_of_optional => $7::jsonb, list_of_lists => $8::bytea[], wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT insert_of_uuid(id => $1::bigint, plain => $2::uuid, optional => $3::uuid, twice_optional => $4::jsonb, list => $5::uuid[], optional_list => $6::uuid[], list_of_optional => $7::jsonb, list_of_lists => $8::jsonb, wrapped => $9::jsonb, choice => $10::jsonb);

-- reducer
SELECT schedule_and_fail(millis => $1::numeric, note => $2::text);

-- reducer
SELECT schedule_every(millis => $1::numeric, note => $2::text);

-- reducer
SELECT schedule_failing(millis => $1::numeric, note => $2::text);

-- reducer
SELECT schedule_in(millis => $1::numeric, note => $2::text);
