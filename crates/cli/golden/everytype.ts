// Made by `spacetime generate`. Do not edit: the next run replaces it.
/* eslint-disable */
import {
  DbConnectionBuilder, DbConnectionImpl, SubscriptionBuilderImpl,
  convertToAccessorMap, makeQueryBuilder, procedureSchema, procedures as procedureSchemas,
  reducerSchema, reducers as reducerSchemas, schema, t, table,
  type DbConnectionConfig, type ErrorContextInterface, type EventContextInterface, type Infer,
  type ReducerEventContextInterface, type SubscriptionEventContextInterface, type SubscriptionHandleImpl,
} from 'spacetimedb';

const byBoolRow = t.row({
  key: t.bool().primaryKey(),
  twin: t.bool().unique(),
  sorted: t.bool(),
  hashed: t.bool(),
  note: t.string(),
});
export type ByBool = Infer<typeof byBoolRow>;

const byConnectionIdRow = t.row({
  key: t.connectionId().primaryKey(),
  twin: t.connectionId().unique(),
  sorted: t.connectionId(),
  hashed: t.connectionId(),
  note: t.string(),
});
export type ByConnectionId = Infer<typeof byConnectionIdRow>;

const byI128Row = t.row({
  key: t.i128().primaryKey(),
  twin: t.i128().unique(),
  sorted: t.i128(),
  hashed: t.i128(),
  note: t.string(),
});
export type ByI128 = Infer<typeof byI128Row>;

const byI16Row = t.row({
  key: t.i16().primaryKey(),
  twin: t.i16().unique(),
  sorted: t.i16(),
  hashed: t.i16(),
  note: t.string(),
});
export type ByI16 = Infer<typeof byI16Row>;

const byI256Row = t.row({
  key: t.i256().primaryKey(),
  twin: t.i256().unique(),
  sorted: t.i256(),
  hashed: t.i256(),
  note: t.string(),
});
export type ByI256 = Infer<typeof byI256Row>;

const byI32Row = t.row({
  key: t.i32().primaryKey(),
  twin: t.i32().unique(),
  sorted: t.i32(),
  hashed: t.i32(),
  note: t.string(),
});
export type ByI32 = Infer<typeof byI32Row>;

const byI64Row = t.row({
  key: t.i64().primaryKey(),
  twin: t.i64().unique(),
  sorted: t.i64(),
  hashed: t.i64(),
  note: t.string(),
});
export type ByI64 = Infer<typeof byI64Row>;

const byI8Row = t.row({
  key: t.i8().primaryKey(),
  twin: t.i8().unique(),
  sorted: t.i8(),
  hashed: t.i8(),
  note: t.string(),
});
export type ByI8 = Infer<typeof byI8Row>;

const byIdentityRow = t.row({
  key: t.identity().primaryKey(),
  twin: t.identity().unique(),
  sorted: t.identity(),
  hashed: t.identity(),
  note: t.string(),
});
export type ByIdentity = Infer<typeof byIdentityRow>;

export const Status = t.enum('Status', ['waiting', 'inProgress', 'done']);
export type Status = Infer<typeof Status>;

const byStatusRow = t.row({
  key: Status.primaryKey(),
  twin: Status,
  sorted: Status,
  hashed: Status,
  note: t.string(),
});
export type ByStatus = Infer<typeof byStatusRow>;

const byStringRow = t.row({
  key: t.string().primaryKey(),
  twin: t.string().unique(),
  sorted: t.string(),
  hashed: t.string(),
  note: t.string(),
});
export type ByString = Infer<typeof byStringRow>;

const byTimestampRow = t.row({
  key: t.timestamp().primaryKey(),
  twin: t.timestamp().unique(),
  sorted: t.timestamp(),
  hashed: t.timestamp(),
  note: t.string(),
});
export type ByTimestamp = Infer<typeof byTimestampRow>;

const byU128Row = t.row({
  key: t.u128().primaryKey(),
  twin: t.u128().unique(),
  sorted: t.u128(),
  hashed: t.u128(),
  note: t.string(),
});
export type ByU128 = Infer<typeof byU128Row>;

const byU16Row = t.row({
  key: t.u16().primaryKey(),
  twin: t.u16().unique(),
  sorted: t.u16(),
  hashed: t.u16(),
  note: t.string(),
});
export type ByU16 = Infer<typeof byU16Row>;

const byU256Row = t.row({
  key: t.u256().primaryKey(),
  twin: t.u256().unique(),
  sorted: t.u256(),
  hashed: t.u256(),
  note: t.string(),
});
export type ByU256 = Infer<typeof byU256Row>;

const byU32Row = t.row({
  key: t.u32().primaryKey(),
  twin: t.u32().unique(),
  sorted: t.u32(),
  hashed: t.u32(),
  note: t.string(),
});
export type ByU32 = Infer<typeof byU32Row>;

const byU64Row = t.row({
  key: t.u64().primaryKey(),
  twin: t.u64().unique(),
  sorted: t.u64(),
  hashed: t.u64(),
  note: t.string(),
});
export type ByU64 = Infer<typeof byU64Row>;

const byU8Row = t.row({
  key: t.u8().primaryKey(),
  twin: t.u8().unique(),
  sorted: t.u8(),
  hashed: t.u8(),
  note: t.string(),
});
export type ByU8 = Infer<typeof byU8Row>;

const byUuidRow = t.row({
  key: t.uuid().primaryKey(),
  twin: t.uuid().unique(),
  sorted: t.uuid(),
  hashed: t.uuid(),
  note: t.string(),
});
export type ByUuid = Infer<typeof byUuidRow>;

const directStatusRow = t.row({
  key: Status,
  note: t.string(),
});
export type DirectStatus = Infer<typeof directStatusRow>;

const directU16Row = t.row({
  key: t.u16().unique(),
  note: t.string(),
});
export type DirectU16 = Infer<typeof directU16Row>;

const directU32Row = t.row({
  key: t.u32().unique(),
  note: t.string(),
});
export type DirectU32 = Infer<typeof directU32Row>;

const directU64Row = t.row({
  key: t.u64().unique(),
  note: t.string(),
});
export type DirectU64 = Infer<typeof directU64Row>;

const directU8Row = t.row({
  key: t.u8().unique(),
  note: t.string(),
});
export type DirectU8 = Infer<typeof directU8Row>;

const firedRow = t.row({
  id: t.u64().primaryKey(),
  note: t.string(),
  at: t.timestamp(),
  sender: t.identity(),
  connectionId: t.option(t.connectionId()).name('connection_id'),
  isInternal: t.bool().name('is_internal'),
  timerPresent: t.bool().name('timer_present'),
});
export type Fired = Infer<typeof firedRow>;

const mixedRow = t.row({
  id: t.i64().primaryKey(),
  text: t.string(),
  big: t.i128(),
  flag: t.bool(),
  status: Status,
  owner: t.identity(),
  at: t.timestamp(),
  tag: t.uuid(),
});
export type Mixed = Infer<typeof mixedRow>;

export const WrappedBool = t.object('WrappedBool', { value: t.bool(), optional: t.option(t.bool()), list: t.array(t.bool()) });
export type WrappedBool = Infer<typeof WrappedBool>;

export const ChoiceOfBool = t.enum('ChoiceOfBool', { neither: t.unit(), one: t.bool(), many: t.array(t.bool()) });
export type ChoiceOfBool = Infer<typeof ChoiceOfBool>;

const ofBoolRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.bool(),
  optional: t.option(t.bool()),
  twiceOptional: t.option(t.option(t.bool())).name('twice_optional'),
  list: t.array(t.bool()),
  optionalList: t.option(t.array(t.bool())).name('optional_list'),
  listOfOptional: t.array(t.option(t.bool())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.bool())).name('list_of_lists'),
  wrapped: WrappedBool,
  choice: ChoiceOfBool,
});
export type OfBool = Infer<typeof ofBoolRow>;

export const WrappedBytes = t.object('WrappedBytes', { value: t.byteArray(), optional: t.option(t.byteArray()), list: t.array(t.byteArray()) });
export type WrappedBytes = Infer<typeof WrappedBytes>;

export const ChoiceOfBytes = t.enum('ChoiceOfBytes', { neither: t.unit(), one: t.byteArray(), many: t.array(t.byteArray()) });
export type ChoiceOfBytes = Infer<typeof ChoiceOfBytes>;

const ofBytesRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.byteArray(),
  optional: t.option(t.byteArray()),
  twiceOptional: t.option(t.option(t.byteArray())).name('twice_optional'),
  list: t.array(t.byteArray()),
  optionalList: t.option(t.array(t.byteArray())).name('optional_list'),
  listOfOptional: t.array(t.option(t.byteArray())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.byteArray())).name('list_of_lists'),
  wrapped: WrappedBytes,
  choice: ChoiceOfBytes,
});
export type OfBytes = Infer<typeof ofBytesRow>;

export const WrappedConnectionId = t.object('WrappedConnectionId', { value: t.connectionId(), optional: t.option(t.connectionId()), list: t.array(t.connectionId()) });
export type WrappedConnectionId = Infer<typeof WrappedConnectionId>;

export const ChoiceOfConnectionId = t.enum('ChoiceOfConnectionId', { neither: t.unit(), one: t.connectionId(), many: t.array(t.connectionId()) });
export type ChoiceOfConnectionId = Infer<typeof ChoiceOfConnectionId>;

const ofConnectionIdRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.connectionId(),
  optional: t.option(t.connectionId()),
  twiceOptional: t.option(t.option(t.connectionId())).name('twice_optional'),
  list: t.array(t.connectionId()),
  optionalList: t.option(t.array(t.connectionId())).name('optional_list'),
  listOfOptional: t.array(t.option(t.connectionId())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.connectionId())).name('list_of_lists'),
  wrapped: WrappedConnectionId,
  choice: ChoiceOfConnectionId,
});
export type OfConnectionId = Infer<typeof ofConnectionIdRow>;

export const WrappedDuration = t.object('WrappedDuration', { value: t.timeDuration(), optional: t.option(t.timeDuration()), list: t.array(t.timeDuration()) });
export type WrappedDuration = Infer<typeof WrappedDuration>;

export const ChoiceOfDuration = t.enum('ChoiceOfDuration', { neither: t.unit(), one: t.timeDuration(), many: t.array(t.timeDuration()) });
export type ChoiceOfDuration = Infer<typeof ChoiceOfDuration>;

const ofDurationRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.timeDuration(),
  optional: t.option(t.timeDuration()),
  twiceOptional: t.option(t.option(t.timeDuration())).name('twice_optional'),
  list: t.array(t.timeDuration()),
  optionalList: t.option(t.array(t.timeDuration())).name('optional_list'),
  listOfOptional: t.array(t.option(t.timeDuration())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.timeDuration())).name('list_of_lists'),
  wrapped: WrappedDuration,
  choice: ChoiceOfDuration,
});
export type OfDuration = Infer<typeof ofDurationRow>;

export const WrappedF32 = t.object('WrappedF32', { value: t.f32(), optional: t.option(t.f32()), list: t.array(t.f32()) });
export type WrappedF32 = Infer<typeof WrappedF32>;

export const ChoiceOfF32 = t.enum('ChoiceOfF32', { neither: t.unit(), one: t.f32(), many: t.array(t.f32()) });
export type ChoiceOfF32 = Infer<typeof ChoiceOfF32>;

const ofF32Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.f32(),
  optional: t.option(t.f32()),
  twiceOptional: t.option(t.option(t.f32())).name('twice_optional'),
  list: t.array(t.f32()),
  optionalList: t.option(t.array(t.f32())).name('optional_list'),
  listOfOptional: t.array(t.option(t.f32())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.f32())).name('list_of_lists'),
  wrapped: WrappedF32,
  choice: ChoiceOfF32,
});
export type OfF32 = Infer<typeof ofF32Row>;

export const WrappedF64 = t.object('WrappedF64', { value: t.f64(), optional: t.option(t.f64()), list: t.array(t.f64()) });
export type WrappedF64 = Infer<typeof WrappedF64>;

export const ChoiceOfF64 = t.enum('ChoiceOfF64', { neither: t.unit(), one: t.f64(), many: t.array(t.f64()) });
export type ChoiceOfF64 = Infer<typeof ChoiceOfF64>;

const ofF64Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.f64(),
  optional: t.option(t.f64()),
  twiceOptional: t.option(t.option(t.f64())).name('twice_optional'),
  list: t.array(t.f64()),
  optionalList: t.option(t.array(t.f64())).name('optional_list'),
  listOfOptional: t.array(t.option(t.f64())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.f64())).name('list_of_lists'),
  wrapped: WrappedF64,
  choice: ChoiceOfF64,
});
export type OfF64 = Infer<typeof ofF64Row>;

export const WrappedI128 = t.object('WrappedI128', { value: t.i128(), optional: t.option(t.i128()), list: t.array(t.i128()) });
export type WrappedI128 = Infer<typeof WrappedI128>;

export const ChoiceOfI128 = t.enum('ChoiceOfI128', { neither: t.unit(), one: t.i128(), many: t.array(t.i128()) });
export type ChoiceOfI128 = Infer<typeof ChoiceOfI128>;

const ofI128Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.i128(),
  optional: t.option(t.i128()),
  twiceOptional: t.option(t.option(t.i128())).name('twice_optional'),
  list: t.array(t.i128()),
  optionalList: t.option(t.array(t.i128())).name('optional_list'),
  listOfOptional: t.array(t.option(t.i128())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.i128())).name('list_of_lists'),
  wrapped: WrappedI128,
  choice: ChoiceOfI128,
});
export type OfI128 = Infer<typeof ofI128Row>;

export const WrappedI16 = t.object('WrappedI16', { value: t.i16(), optional: t.option(t.i16()), list: t.array(t.i16()) });
export type WrappedI16 = Infer<typeof WrappedI16>;

export const ChoiceOfI16 = t.enum('ChoiceOfI16', { neither: t.unit(), one: t.i16(), many: t.array(t.i16()) });
export type ChoiceOfI16 = Infer<typeof ChoiceOfI16>;

const ofI16Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.i16(),
  optional: t.option(t.i16()),
  twiceOptional: t.option(t.option(t.i16())).name('twice_optional'),
  list: t.array(t.i16()),
  optionalList: t.option(t.array(t.i16())).name('optional_list'),
  listOfOptional: t.array(t.option(t.i16())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.i16())).name('list_of_lists'),
  wrapped: WrappedI16,
  choice: ChoiceOfI16,
});
export type OfI16 = Infer<typeof ofI16Row>;

export const WrappedI256 = t.object('WrappedI256', { value: t.i256(), optional: t.option(t.i256()), list: t.array(t.i256()) });
export type WrappedI256 = Infer<typeof WrappedI256>;

export const ChoiceOfI256 = t.enum('ChoiceOfI256', { neither: t.unit(), one: t.i256(), many: t.array(t.i256()) });
export type ChoiceOfI256 = Infer<typeof ChoiceOfI256>;

const ofI256Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.i256(),
  optional: t.option(t.i256()),
  twiceOptional: t.option(t.option(t.i256())).name('twice_optional'),
  list: t.array(t.i256()),
  optionalList: t.option(t.array(t.i256())).name('optional_list'),
  listOfOptional: t.array(t.option(t.i256())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.i256())).name('list_of_lists'),
  wrapped: WrappedI256,
  choice: ChoiceOfI256,
});
export type OfI256 = Infer<typeof ofI256Row>;

export const WrappedI32 = t.object('WrappedI32', { value: t.i32(), optional: t.option(t.i32()), list: t.array(t.i32()) });
export type WrappedI32 = Infer<typeof WrappedI32>;

export const ChoiceOfI32 = t.enum('ChoiceOfI32', { neither: t.unit(), one: t.i32(), many: t.array(t.i32()) });
export type ChoiceOfI32 = Infer<typeof ChoiceOfI32>;

const ofI32Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.i32(),
  optional: t.option(t.i32()),
  twiceOptional: t.option(t.option(t.i32())).name('twice_optional'),
  list: t.array(t.i32()),
  optionalList: t.option(t.array(t.i32())).name('optional_list'),
  listOfOptional: t.array(t.option(t.i32())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.i32())).name('list_of_lists'),
  wrapped: WrappedI32,
  choice: ChoiceOfI32,
});
export type OfI32 = Infer<typeof ofI32Row>;

export const WrappedI64 = t.object('WrappedI64', { value: t.i64(), optional: t.option(t.i64()), list: t.array(t.i64()) });
export type WrappedI64 = Infer<typeof WrappedI64>;

export const ChoiceOfI64 = t.enum('ChoiceOfI64', { neither: t.unit(), one: t.i64(), many: t.array(t.i64()) });
export type ChoiceOfI64 = Infer<typeof ChoiceOfI64>;

const ofI64Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.i64(),
  optional: t.option(t.i64()),
  twiceOptional: t.option(t.option(t.i64())).name('twice_optional'),
  list: t.array(t.i64()),
  optionalList: t.option(t.array(t.i64())).name('optional_list'),
  listOfOptional: t.array(t.option(t.i64())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.i64())).name('list_of_lists'),
  wrapped: WrappedI64,
  choice: ChoiceOfI64,
});
export type OfI64 = Infer<typeof ofI64Row>;

export const WrappedI8 = t.object('WrappedI8', { value: t.i8(), optional: t.option(t.i8()), list: t.array(t.i8()) });
export type WrappedI8 = Infer<typeof WrappedI8>;

export const ChoiceOfI8 = t.enum('ChoiceOfI8', { neither: t.unit(), one: t.i8(), many: t.array(t.i8()) });
export type ChoiceOfI8 = Infer<typeof ChoiceOfI8>;

const ofI8Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.i8(),
  optional: t.option(t.i8()),
  twiceOptional: t.option(t.option(t.i8())).name('twice_optional'),
  list: t.array(t.i8()),
  optionalList: t.option(t.array(t.i8())).name('optional_list'),
  listOfOptional: t.array(t.option(t.i8())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.i8())).name('list_of_lists'),
  wrapped: WrappedI8,
  choice: ChoiceOfI8,
});
export type OfI8 = Infer<typeof ofI8Row>;

export const WrappedIdentity = t.object('WrappedIdentity', { value: t.identity(), optional: t.option(t.identity()), list: t.array(t.identity()) });
export type WrappedIdentity = Infer<typeof WrappedIdentity>;

export const ChoiceOfIdentity = t.enum('ChoiceOfIdentity', { neither: t.unit(), one: t.identity(), many: t.array(t.identity()) });
export type ChoiceOfIdentity = Infer<typeof ChoiceOfIdentity>;

const ofIdentityRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.identity(),
  optional: t.option(t.identity()),
  twiceOptional: t.option(t.option(t.identity())).name('twice_optional'),
  list: t.array(t.identity()),
  optionalList: t.option(t.array(t.identity())).name('optional_list'),
  listOfOptional: t.array(t.option(t.identity())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.identity())).name('list_of_lists'),
  wrapped: WrappedIdentity,
  choice: ChoiceOfIdentity,
});
export type OfIdentity = Infer<typeof ofIdentityRow>;

export const Point = t.object('Point', { x: t.i32(), y: t.i32() });
export type Point = Infer<typeof Point>;

export const Line = t.object('Line', { from: Point, to: Point, label: t.option(t.string()), drawnBy: t.identity(), drawnAt: t.timestamp() });
export type Line = Infer<typeof Line>;

export const Shape = t.enum('Shape', { empty: t.unit(), named: t.string(), circle: t.f64(), segment: Line, polygon: t.array(Point), tagged: t.option(Status) });
export type Shape = Infer<typeof Shape>;

export const WrappedLargeResult = t.object('WrappedLargeResult', { value: t.result(Point, Shape), optional: t.option(t.result(Point, Shape)), list: t.array(t.result(Point, Shape)) });
export type WrappedLargeResult = Infer<typeof WrappedLargeResult>;

export const ChoiceOfLargeResult = t.enum('ChoiceOfLargeResult', { neither: t.unit(), one: t.result(Point, Shape), many: t.array(t.result(Point, Shape)) });
export type ChoiceOfLargeResult = Infer<typeof ChoiceOfLargeResult>;

const ofLargeResultRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.result(Point, Shape),
  optional: t.option(t.result(Point, Shape)),
  twiceOptional: t.option(t.option(t.result(Point, Shape))).name('twice_optional'),
  list: t.array(t.result(Point, Shape)),
  optionalList: t.option(t.array(t.result(Point, Shape))).name('optional_list'),
  listOfOptional: t.array(t.option(t.result(Point, Shape))).name('list_of_optional'),
  listOfLists: t.array(t.array(t.result(Point, Shape))).name('list_of_lists'),
  wrapped: WrappedLargeResult,
  choice: ChoiceOfLargeResult,
});
export type OfLargeResult = Infer<typeof ofLargeResultRow>;

export const WrappedLine = t.object('WrappedLine', { value: Line, optional: t.option(Line), list: t.array(Line) });
export type WrappedLine = Infer<typeof WrappedLine>;

export const ChoiceOfLine = t.enum('ChoiceOfLine', { neither: t.unit(), one: Line, many: t.array(Line) });
export type ChoiceOfLine = Infer<typeof ChoiceOfLine>;

const ofLineRow = t.row({
  id: t.u32().primaryKey(),
  plain: Line,
  optional: t.option(Line),
  twiceOptional: t.option(t.option(Line)).name('twice_optional'),
  list: t.array(Line),
  optionalList: t.option(t.array(Line)).name('optional_list'),
  listOfOptional: t.array(t.option(Line)).name('list_of_optional'),
  listOfLists: t.array(t.array(Line)).name('list_of_lists'),
  wrapped: WrappedLine,
  choice: ChoiceOfLine,
});
export type OfLine = Infer<typeof ofLineRow>;

export const Nothing = t.object('Nothing', {});
export type Nothing = Infer<typeof Nothing>;

export const WrappedNothing = t.object('WrappedNothing', { value: Nothing, optional: t.option(Nothing), list: t.array(Nothing) });
export type WrappedNothing = Infer<typeof WrappedNothing>;

export const ChoiceOfNothing = t.enum('ChoiceOfNothing', { neither: t.unit(), one: Nothing, many: t.array(Nothing) });
export type ChoiceOfNothing = Infer<typeof ChoiceOfNothing>;

const ofNothingRow = t.row({
  id: t.u32().primaryKey(),
  plain: Nothing,
  optional: t.option(Nothing),
  twiceOptional: t.option(t.option(Nothing)).name('twice_optional'),
  list: t.array(Nothing),
  optionalList: t.option(t.array(Nothing)).name('optional_list'),
  listOfOptional: t.array(t.option(Nothing)).name('list_of_optional'),
  listOfLists: t.array(t.array(Nothing)).name('list_of_lists'),
  wrapped: WrappedNothing,
  choice: ChoiceOfNothing,
});
export type OfNothing = Infer<typeof ofNothingRow>;

export const WrappedPoint = t.object('WrappedPoint', { value: Point, optional: t.option(Point), list: t.array(Point) });
export type WrappedPoint = Infer<typeof WrappedPoint>;

export const ChoiceOfPoint = t.enum('ChoiceOfPoint', { neither: t.unit(), one: Point, many: t.array(Point) });
export type ChoiceOfPoint = Infer<typeof ChoiceOfPoint>;

const ofPointRow = t.row({
  id: t.u32().primaryKey(),
  plain: Point,
  optional: t.option(Point),
  twiceOptional: t.option(t.option(Point)).name('twice_optional'),
  list: t.array(Point),
  optionalList: t.option(t.array(Point)).name('optional_list'),
  listOfOptional: t.array(t.option(Point)).name('list_of_optional'),
  listOfLists: t.array(t.array(Point)).name('list_of_lists'),
  wrapped: WrappedPoint,
  choice: ChoiceOfPoint,
});
export type OfPoint = Infer<typeof ofPointRow>;

export const WrappedResult = t.object('WrappedResult', { value: t.result(t.u32(), t.string()), optional: t.option(t.result(t.u32(), t.string())), list: t.array(t.result(t.u32(), t.string())) });
export type WrappedResult = Infer<typeof WrappedResult>;

export const ChoiceOfResult = t.enum('ChoiceOfResult', { neither: t.unit(), one: t.result(t.u32(), t.string()), many: t.array(t.result(t.u32(), t.string())) });
export type ChoiceOfResult = Infer<typeof ChoiceOfResult>;

const ofResultRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.result(t.u32(), t.string()),
  optional: t.option(t.result(t.u32(), t.string())),
  twiceOptional: t.option(t.option(t.result(t.u32(), t.string()))).name('twice_optional'),
  list: t.array(t.result(t.u32(), t.string())),
  optionalList: t.option(t.array(t.result(t.u32(), t.string()))).name('optional_list'),
  listOfOptional: t.array(t.option(t.result(t.u32(), t.string()))).name('list_of_optional'),
  listOfLists: t.array(t.array(t.result(t.u32(), t.string()))).name('list_of_lists'),
  wrapped: WrappedResult,
  choice: ChoiceOfResult,
});
export type OfResult = Infer<typeof ofResultRow>;

export const WrappedScheduleAt = t.object('WrappedScheduleAt', { value: t.scheduleAt(), optional: t.option(t.scheduleAt()), list: t.array(t.scheduleAt()) });
export type WrappedScheduleAt = Infer<typeof WrappedScheduleAt>;

export const ChoiceOfScheduleAt = t.enum('ChoiceOfScheduleAt', { neither: t.unit(), one: t.scheduleAt(), many: t.array(t.scheduleAt()) });
export type ChoiceOfScheduleAt = Infer<typeof ChoiceOfScheduleAt>;

const ofScheduleAtRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.scheduleAt(),
  optional: t.option(t.scheduleAt()),
  twiceOptional: t.option(t.option(t.scheduleAt())).name('twice_optional'),
  list: t.array(t.scheduleAt()),
  optionalList: t.option(t.array(t.scheduleAt())).name('optional_list'),
  listOfOptional: t.array(t.option(t.scheduleAt())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.scheduleAt())).name('list_of_lists'),
  wrapped: WrappedScheduleAt,
  choice: ChoiceOfScheduleAt,
});
export type OfScheduleAt = Infer<typeof ofScheduleAtRow>;

export const WrappedShape = t.object('WrappedShape', { value: Shape, optional: t.option(Shape), list: t.array(Shape) });
export type WrappedShape = Infer<typeof WrappedShape>;

export const ChoiceOfShape = t.enum('ChoiceOfShape', { neither: t.unit(), one: Shape, many: t.array(Shape) });
export type ChoiceOfShape = Infer<typeof ChoiceOfShape>;

const ofShapeRow = t.row({
  id: t.u32().primaryKey(),
  plain: Shape,
  optional: t.option(Shape),
  twiceOptional: t.option(t.option(Shape)).name('twice_optional'),
  list: t.array(Shape),
  optionalList: t.option(t.array(Shape)).name('optional_list'),
  listOfOptional: t.array(t.option(Shape)).name('list_of_optional'),
  listOfLists: t.array(t.array(Shape)).name('list_of_lists'),
  wrapped: WrappedShape,
  choice: ChoiceOfShape,
});
export type OfShape = Infer<typeof ofShapeRow>;

export const WrappedStatus = t.object('WrappedStatus', { value: Status, optional: t.option(Status), list: t.array(Status) });
export type WrappedStatus = Infer<typeof WrappedStatus>;

export const ChoiceOfStatus = t.enum('ChoiceOfStatus', { neither: t.unit(), one: Status, many: t.array(Status) });
export type ChoiceOfStatus = Infer<typeof ChoiceOfStatus>;

const ofStatusRow = t.row({
  id: t.u32().primaryKey(),
  plain: Status,
  optional: t.option(Status),
  twiceOptional: t.option(t.option(Status)).name('twice_optional'),
  list: t.array(Status),
  optionalList: t.option(t.array(Status)).name('optional_list'),
  listOfOptional: t.array(t.option(Status)).name('list_of_optional'),
  listOfLists: t.array(t.array(Status)).name('list_of_lists'),
  wrapped: WrappedStatus,
  choice: ChoiceOfStatus,
});
export type OfStatus = Infer<typeof ofStatusRow>;

export const WrappedString = t.object('WrappedString', { value: t.string(), optional: t.option(t.string()), list: t.array(t.string()) });
export type WrappedString = Infer<typeof WrappedString>;

export const ChoiceOfString = t.enum('ChoiceOfString', { neither: t.unit(), one: t.string(), many: t.array(t.string()) });
export type ChoiceOfString = Infer<typeof ChoiceOfString>;

const ofStringRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.string(),
  optional: t.option(t.string()),
  twiceOptional: t.option(t.option(t.string())).name('twice_optional'),
  list: t.array(t.string()),
  optionalList: t.option(t.array(t.string())).name('optional_list'),
  listOfOptional: t.array(t.option(t.string())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.string())).name('list_of_lists'),
  wrapped: WrappedString,
  choice: ChoiceOfString,
});
export type OfString = Infer<typeof ofStringRow>;

export const WrappedTimestamp = t.object('WrappedTimestamp', { value: t.timestamp(), optional: t.option(t.timestamp()), list: t.array(t.timestamp()) });
export type WrappedTimestamp = Infer<typeof WrappedTimestamp>;

export const ChoiceOfTimestamp = t.enum('ChoiceOfTimestamp', { neither: t.unit(), one: t.timestamp(), many: t.array(t.timestamp()) });
export type ChoiceOfTimestamp = Infer<typeof ChoiceOfTimestamp>;

const ofTimestampRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.timestamp(),
  optional: t.option(t.timestamp()),
  twiceOptional: t.option(t.option(t.timestamp())).name('twice_optional'),
  list: t.array(t.timestamp()),
  optionalList: t.option(t.array(t.timestamp())).name('optional_list'),
  listOfOptional: t.array(t.option(t.timestamp())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.timestamp())).name('list_of_lists'),
  wrapped: WrappedTimestamp,
  choice: ChoiceOfTimestamp,
});
export type OfTimestamp = Infer<typeof ofTimestampRow>;

export const WrappedU128 = t.object('WrappedU128', { value: t.u128(), optional: t.option(t.u128()), list: t.array(t.u128()) });
export type WrappedU128 = Infer<typeof WrappedU128>;

export const ChoiceOfU128 = t.enum('ChoiceOfU128', { neither: t.unit(), one: t.u128(), many: t.array(t.u128()) });
export type ChoiceOfU128 = Infer<typeof ChoiceOfU128>;

const ofU128Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.u128(),
  optional: t.option(t.u128()),
  twiceOptional: t.option(t.option(t.u128())).name('twice_optional'),
  list: t.array(t.u128()),
  optionalList: t.option(t.array(t.u128())).name('optional_list'),
  listOfOptional: t.array(t.option(t.u128())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.u128())).name('list_of_lists'),
  wrapped: WrappedU128,
  choice: ChoiceOfU128,
});
export type OfU128 = Infer<typeof ofU128Row>;

export const WrappedU16 = t.object('WrappedU16', { value: t.u16(), optional: t.option(t.u16()), list: t.array(t.u16()) });
export type WrappedU16 = Infer<typeof WrappedU16>;

export const ChoiceOfU16 = t.enum('ChoiceOfU16', { neither: t.unit(), one: t.u16(), many: t.array(t.u16()) });
export type ChoiceOfU16 = Infer<typeof ChoiceOfU16>;

const ofU16Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.u16(),
  optional: t.option(t.u16()),
  twiceOptional: t.option(t.option(t.u16())).name('twice_optional'),
  list: t.array(t.u16()),
  optionalList: t.option(t.array(t.u16())).name('optional_list'),
  listOfOptional: t.array(t.option(t.u16())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.u16())).name('list_of_lists'),
  wrapped: WrappedU16,
  choice: ChoiceOfU16,
});
export type OfU16 = Infer<typeof ofU16Row>;

export const WrappedU256 = t.object('WrappedU256', { value: t.u256(), optional: t.option(t.u256()), list: t.array(t.u256()) });
export type WrappedU256 = Infer<typeof WrappedU256>;

export const ChoiceOfU256 = t.enum('ChoiceOfU256', { neither: t.unit(), one: t.u256(), many: t.array(t.u256()) });
export type ChoiceOfU256 = Infer<typeof ChoiceOfU256>;

const ofU256Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.u256(),
  optional: t.option(t.u256()),
  twiceOptional: t.option(t.option(t.u256())).name('twice_optional'),
  list: t.array(t.u256()),
  optionalList: t.option(t.array(t.u256())).name('optional_list'),
  listOfOptional: t.array(t.option(t.u256())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.u256())).name('list_of_lists'),
  wrapped: WrappedU256,
  choice: ChoiceOfU256,
});
export type OfU256 = Infer<typeof ofU256Row>;

export const WrappedU32 = t.object('WrappedU32', { value: t.u32(), optional: t.option(t.u32()), list: t.array(t.u32()) });
export type WrappedU32 = Infer<typeof WrappedU32>;

export const ChoiceOfU32 = t.enum('ChoiceOfU32', { neither: t.unit(), one: t.u32(), many: t.array(t.u32()) });
export type ChoiceOfU32 = Infer<typeof ChoiceOfU32>;

const ofU32Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.u32(),
  optional: t.option(t.u32()),
  twiceOptional: t.option(t.option(t.u32())).name('twice_optional'),
  list: t.array(t.u32()),
  optionalList: t.option(t.array(t.u32())).name('optional_list'),
  listOfOptional: t.array(t.option(t.u32())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.u32())).name('list_of_lists'),
  wrapped: WrappedU32,
  choice: ChoiceOfU32,
});
export type OfU32 = Infer<typeof ofU32Row>;

export const WrappedU64 = t.object('WrappedU64', { value: t.u64(), optional: t.option(t.u64()), list: t.array(t.u64()) });
export type WrappedU64 = Infer<typeof WrappedU64>;

export const ChoiceOfU64 = t.enum('ChoiceOfU64', { neither: t.unit(), one: t.u64(), many: t.array(t.u64()) });
export type ChoiceOfU64 = Infer<typeof ChoiceOfU64>;

const ofU64Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.u64(),
  optional: t.option(t.u64()),
  twiceOptional: t.option(t.option(t.u64())).name('twice_optional'),
  list: t.array(t.u64()),
  optionalList: t.option(t.array(t.u64())).name('optional_list'),
  listOfOptional: t.array(t.option(t.u64())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.u64())).name('list_of_lists'),
  wrapped: WrappedU64,
  choice: ChoiceOfU64,
});
export type OfU64 = Infer<typeof ofU64Row>;

export const WrappedU8 = t.object('WrappedU8', { value: t.u8(), optional: t.option(t.u8()), list: t.byteArray() });
export type WrappedU8 = Infer<typeof WrappedU8>;

export const ChoiceOfU8 = t.enum('ChoiceOfU8', { neither: t.unit(), one: t.u8(), many: t.byteArray() });
export type ChoiceOfU8 = Infer<typeof ChoiceOfU8>;

const ofU8Row = t.row({
  id: t.u32().primaryKey(),
  plain: t.u8(),
  optional: t.option(t.u8()),
  twiceOptional: t.option(t.option(t.u8())).name('twice_optional'),
  list: t.byteArray(),
  optionalList: t.option(t.byteArray()).name('optional_list'),
  listOfOptional: t.array(t.option(t.u8())).name('list_of_optional'),
  listOfLists: t.array(t.byteArray()).name('list_of_lists'),
  wrapped: WrappedU8,
  choice: ChoiceOfU8,
});
export type OfU8 = Infer<typeof ofU8Row>;

export const WrappedUuid = t.object('WrappedUuid', { value: t.uuid(), optional: t.option(t.uuid()), list: t.array(t.uuid()) });
export type WrappedUuid = Infer<typeof WrappedUuid>;

export const ChoiceOfUuid = t.enum('ChoiceOfUuid', { neither: t.unit(), one: t.uuid(), many: t.array(t.uuid()) });
export type ChoiceOfUuid = Infer<typeof ChoiceOfUuid>;

const ofUuidRow = t.row({
  id: t.u32().primaryKey(),
  plain: t.uuid(),
  optional: t.option(t.uuid()),
  twiceOptional: t.option(t.option(t.uuid())).name('twice_optional'),
  list: t.array(t.uuid()),
  optionalList: t.option(t.array(t.uuid())).name('optional_list'),
  listOfOptional: t.array(t.option(t.uuid())).name('list_of_optional'),
  listOfLists: t.array(t.array(t.uuid())).name('list_of_lists'),
  wrapped: WrappedUuid,
  choice: ChoiceOfUuid,
});
export type OfUuid = Infer<typeof ofUuidRow>;

const timerRow = t.row({
  scheduledId: t.u64().primaryKey().name('scheduled_id'),
  scheduledAt: t.scheduleAt().name('scheduled_at'),
  note: t.string(),
  fails: t.bool(),
});
export type Timer = Infer<typeof timerRow>;

const tablesOfModule = schema({
  byBool: table({ name: 'by_bool', indexes: [
    { accessor: 'key', name: 'by_bool_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_bool_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_bool_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_bool_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_bool_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_bool_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byBoolRow),
  byConnectionId: table({ name: 'by_connection_id', indexes: [
    { accessor: 'key', name: 'by_connection_id_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_connection_id_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_connection_id_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_connection_id_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_connection_id_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_connection_id_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byConnectionIdRow),
  byI128: table({ name: 'by_i_128', indexes: [
    { accessor: 'key', name: 'by_i_128_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_i_128_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_i_128_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_i_128_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_i_128_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_i_128_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byI128Row),
  byI16: table({ name: 'by_i_16', indexes: [
    { accessor: 'key', name: 'by_i_16_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_i_16_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_i_16_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_i_16_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_i_16_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_i_16_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byI16Row),
  byI256: table({ name: 'by_i_256', indexes: [
    { accessor: 'key', name: 'by_i_256_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_i_256_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_i_256_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_i_256_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_i_256_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_i_256_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byI256Row),
  byI32: table({ name: 'by_i_32', indexes: [
    { accessor: 'key', name: 'by_i_32_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_i_32_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_i_32_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_i_32_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_i_32_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_i_32_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byI32Row),
  byI64: table({ name: 'by_i_64', indexes: [
    { accessor: 'key', name: 'by_i_64_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_i_64_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_i_64_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_i_64_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_i_64_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_i_64_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byI64Row),
  byI8: table({ name: 'by_i_8', indexes: [
    { accessor: 'key', name: 'by_i_8_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_i_8_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_i_8_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_i_8_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_i_8_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_i_8_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byI8Row),
  byIdentity: table({ name: 'by_identity', indexes: [
    { accessor: 'key', name: 'by_identity_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_identity_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_identity_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_identity_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_identity_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_identity_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byIdentityRow),
  byStatus: table({ name: 'by_status', indexes: [
    { accessor: 'key', name: 'by_status_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_status_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_status_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_status_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_status_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_status_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byStatusRow),
  byString: table({ name: 'by_string', indexes: [
    { accessor: 'key', name: 'by_string_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_string_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_string_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_string_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_string_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_string_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byStringRow),
  byTimestamp: table({ name: 'by_timestamp', indexes: [
    { accessor: 'key', name: 'by_timestamp_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_timestamp_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_timestamp_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_timestamp_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_timestamp_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_timestamp_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byTimestampRow),
  byU128: table({ name: 'by_u_128', indexes: [
    { accessor: 'key', name: 'by_u_128_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_u_128_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_u_128_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_u_128_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_u_128_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_u_128_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byU128Row),
  byU16: table({ name: 'by_u_16', indexes: [
    { accessor: 'key', name: 'by_u_16_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_u_16_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_u_16_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_u_16_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_u_16_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_u_16_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byU16Row),
  byU256: table({ name: 'by_u_256', indexes: [
    { accessor: 'key', name: 'by_u_256_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_u_256_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_u_256_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_u_256_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_u_256_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_u_256_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byU256Row),
  byU32: table({ name: 'by_u_32', indexes: [
    { accessor: 'key', name: 'by_u_32_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_u_32_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_u_32_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_u_32_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_u_32_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_u_32_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byU32Row),
  byU64: table({ name: 'by_u_64', indexes: [
    { accessor: 'key', name: 'by_u_64_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_u_64_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_u_64_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_u_64_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_u_64_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_u_64_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byU64Row),
  byU8: table({ name: 'by_u_8', indexes: [
    { accessor: 'key', name: 'by_u_8_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_u_8_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_u_8_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_u_8_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_u_8_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_u_8_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byU8Row),
  byUuid: table({ name: 'by_uuid', indexes: [
    { accessor: 'key', name: 'by_uuid_key_idx_btree', algorithm: 'btree', columns: ['key'] },
    { accessor: 'twin', name: 'by_uuid_twin_idx_btree', algorithm: 'btree', columns: ['twin'] },
    { accessor: 'sorted', name: 'by_uuid_sorted_idx_btree', algorithm: 'btree', columns: ['sorted'] },
    { accessor: 'hashed', name: 'by_uuid_hashed_idx_hash', algorithm: 'hash', columns: ['hashed'] },
  ], constraints: [
    { name: 'by_uuid_key_key', constraint: 'unique', columns: ['key'] },
    { name: 'by_uuid_twin_key', constraint: 'unique', columns: ['twin'] },
  ] }, byUuidRow),
  directStatus: table({ name: 'direct_status', indexes: [
    { accessor: 'key', name: 'direct_status_key_idx_direct', algorithm: 'btree', columns: ['key'] },
  ], constraints: [
    { name: 'direct_status_key_key', constraint: 'unique', columns: ['key'] },
  ] }, directStatusRow),
  directU16: table({ name: 'direct_u_16', indexes: [
    { accessor: 'key', name: 'direct_u_16_key_idx_direct', algorithm: 'btree', columns: ['key'] },
  ], constraints: [
    { name: 'direct_u_16_key_key', constraint: 'unique', columns: ['key'] },
  ] }, directU16Row),
  directU32: table({ name: 'direct_u_32', indexes: [
    { accessor: 'key', name: 'direct_u_32_key_idx_direct', algorithm: 'btree', columns: ['key'] },
  ], constraints: [
    { name: 'direct_u_32_key_key', constraint: 'unique', columns: ['key'] },
  ] }, directU32Row),
  directU64: table({ name: 'direct_u_64', indexes: [
    { accessor: 'key', name: 'direct_u_64_key_idx_direct', algorithm: 'btree', columns: ['key'] },
  ], constraints: [
    { name: 'direct_u_64_key_key', constraint: 'unique', columns: ['key'] },
  ] }, directU64Row),
  directU8: table({ name: 'direct_u_8', indexes: [
    { accessor: 'key', name: 'direct_u_8_key_idx_direct', algorithm: 'btree', columns: ['key'] },
  ], constraints: [
    { name: 'direct_u_8_key_key', constraint: 'unique', columns: ['key'] },
  ] }, directU8Row),
  fired: table({ name: 'fired', indexes: [
    { accessor: 'id', name: 'fired_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'fired_id_key', constraint: 'unique', columns: ['id'] },
  ] }, firedRow),
  mixed: table({ name: 'mixed', indexes: [
    { accessor: 'id', name: 'mixed_id_idx_btree', algorithm: 'btree', columns: ['id'] },
    { accessor: 'byStatusBigText', name: 'mixed_status_big_text_idx_btree', algorithm: 'btree', columns: ['status', 'big', 'text'] },
    { accessor: 'byOwnerAt', name: 'mixed_owner_at_idx_btree', algorithm: 'btree', columns: ['owner', 'at'] },
    { accessor: 'byEverything', name: 'mixed_flag_status_big_text_owner_at_idx_btree', algorithm: 'btree', columns: ['flag', 'status', 'big', 'text', 'owner', 'at'] },
    { accessor: 'byTagFlag', name: 'mixed_tag_flag_idx_hash', algorithm: 'hash', columns: ['tag', 'flag'] },
  ], constraints: [
    { name: 'mixed_id_key', constraint: 'unique', columns: ['id'] },
  ] }, mixedRow),
  ofBool: table({ name: 'of_bool', indexes: [
    { accessor: 'id', name: 'of_bool_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_bool_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofBoolRow),
  ofBytes: table({ name: 'of_bytes', indexes: [
    { accessor: 'id', name: 'of_bytes_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_bytes_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofBytesRow),
  ofConnectionId: table({ name: 'of_connection_id', indexes: [
    { accessor: 'id', name: 'of_connection_id_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_connection_id_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofConnectionIdRow),
  ofDuration: table({ name: 'of_duration', indexes: [
    { accessor: 'id', name: 'of_duration_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_duration_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofDurationRow),
  ofF32: table({ name: 'of_f_32', indexes: [
    { accessor: 'id', name: 'of_f_32_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_f_32_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofF32Row),
  ofF64: table({ name: 'of_f_64', indexes: [
    { accessor: 'id', name: 'of_f_64_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_f_64_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofF64Row),
  ofI128: table({ name: 'of_i_128', indexes: [
    { accessor: 'id', name: 'of_i_128_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_i_128_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofI128Row),
  ofI16: table({ name: 'of_i_16', indexes: [
    { accessor: 'id', name: 'of_i_16_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_i_16_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofI16Row),
  ofI256: table({ name: 'of_i_256', indexes: [
    { accessor: 'id', name: 'of_i_256_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_i_256_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofI256Row),
  ofI32: table({ name: 'of_i_32', indexes: [
    { accessor: 'id', name: 'of_i_32_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_i_32_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofI32Row),
  ofI64: table({ name: 'of_i_64', indexes: [
    { accessor: 'id', name: 'of_i_64_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_i_64_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofI64Row),
  ofI8: table({ name: 'of_i_8', indexes: [
    { accessor: 'id', name: 'of_i_8_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_i_8_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofI8Row),
  ofIdentity: table({ name: 'of_identity', indexes: [
    { accessor: 'id', name: 'of_identity_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_identity_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofIdentityRow),
  ofLargeResult: table({ name: 'of_large_result', indexes: [
    { accessor: 'id', name: 'of_large_result_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_large_result_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofLargeResultRow),
  ofLine: table({ name: 'of_line', indexes: [
    { accessor: 'id', name: 'of_line_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_line_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofLineRow),
  ofNothing: table({ name: 'of_nothing', indexes: [
    { accessor: 'id', name: 'of_nothing_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_nothing_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofNothingRow),
  ofPoint: table({ name: 'of_point', indexes: [
    { accessor: 'id', name: 'of_point_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_point_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofPointRow),
  ofResult: table({ name: 'of_result', indexes: [
    { accessor: 'id', name: 'of_result_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_result_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofResultRow),
  ofScheduleAt: table({ name: 'of_schedule_at', indexes: [
    { accessor: 'id', name: 'of_schedule_at_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_schedule_at_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofScheduleAtRow),
  ofShape: table({ name: 'of_shape', indexes: [
    { accessor: 'id', name: 'of_shape_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_shape_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofShapeRow),
  ofStatus: table({ name: 'of_status', indexes: [
    { accessor: 'id', name: 'of_status_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_status_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofStatusRow),
  ofString: table({ name: 'of_string', indexes: [
    { accessor: 'id', name: 'of_string_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_string_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofStringRow),
  ofTimestamp: table({ name: 'of_timestamp', indexes: [
    { accessor: 'id', name: 'of_timestamp_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_timestamp_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofTimestampRow),
  ofU128: table({ name: 'of_u_128', indexes: [
    { accessor: 'id', name: 'of_u_128_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_u_128_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofU128Row),
  ofU16: table({ name: 'of_u_16', indexes: [
    { accessor: 'id', name: 'of_u_16_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_u_16_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofU16Row),
  ofU256: table({ name: 'of_u_256', indexes: [
    { accessor: 'id', name: 'of_u_256_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_u_256_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofU256Row),
  ofU32: table({ name: 'of_u_32', indexes: [
    { accessor: 'id', name: 'of_u_32_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_u_32_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofU32Row),
  ofU64: table({ name: 'of_u_64', indexes: [
    { accessor: 'id', name: 'of_u_64_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_u_64_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofU64Row),
  ofU8: table({ name: 'of_u_8', indexes: [
    { accessor: 'id', name: 'of_u_8_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_u_8_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofU8Row),
  ofUuid: table({ name: 'of_uuid', indexes: [
    { accessor: 'id', name: 'of_uuid_id_idx_btree', algorithm: 'btree', columns: ['id'] },
  ], constraints: [
    { name: 'of_uuid_id_key', constraint: 'unique', columns: ['id'] },
  ] }, ofUuidRow),
  timer: table({ name: 'timer', indexes: [
    { accessor: 'scheduledId', name: 'timer_scheduled_id_idx_btree', algorithm: 'btree', columns: ['scheduledId'] },
  ], constraints: [
    { name: 'timer_scheduled_id_key', constraint: 'unique', columns: ['scheduledId'] },
  ] }, timerRow),
});

const reducersOfModule = reducerSchemas(
  reducerSchema('cancel_timers', {}),
  reducerSchema('check_all', {}),
  reducerSchema('check_by_bool', {}),
  reducerSchema('check_by_connection_id', {}),
  reducerSchema('check_by_i_128', {}),
  reducerSchema('check_by_i_16', {}),
  reducerSchema('check_by_i_256', {}),
  reducerSchema('check_by_i_32', {}),
  reducerSchema('check_by_i_64', {}),
  reducerSchema('check_by_i_8', {}),
  reducerSchema('check_by_identity', {}),
  reducerSchema('check_by_status', {}),
  reducerSchema('check_by_string', {}),
  reducerSchema('check_by_timestamp', {}),
  reducerSchema('check_by_u_128', {}),
  reducerSchema('check_by_u_16', {}),
  reducerSchema('check_by_u_256', {}),
  reducerSchema('check_by_u_32', {}),
  reducerSchema('check_by_u_64', {}),
  reducerSchema('check_by_u_8', {}),
  reducerSchema('check_by_uuid', {}),
  reducerSchema('check_columns', {}),
  reducerSchema('check_direct', {}),
  reducerSchema('check_keys', {}),
  reducerSchema('check_mixed', {}),
  reducerSchema('check_of_bool', {}),
  reducerSchema('check_of_bytes', {}),
  reducerSchema('check_of_connection_id', {}),
  reducerSchema('check_of_duration', {}),
  reducerSchema('check_of_f_32', {}),
  reducerSchema('check_of_f_64', {}),
  reducerSchema('check_of_i_128', {}),
  reducerSchema('check_of_i_16', {}),
  reducerSchema('check_of_i_256', {}),
  reducerSchema('check_of_i_32', {}),
  reducerSchema('check_of_i_64', {}),
  reducerSchema('check_of_i_8', {}),
  reducerSchema('check_of_identity', {}),
  reducerSchema('check_of_large_result', {}),
  reducerSchema('check_of_line', {}),
  reducerSchema('check_of_nothing', {}),
  reducerSchema('check_of_point', {}),
  reducerSchema('check_of_result', {}),
  reducerSchema('check_of_schedule_at', {}),
  reducerSchema('check_of_shape', {}),
  reducerSchema('check_of_status', {}),
  reducerSchema('check_of_string', {}),
  reducerSchema('check_of_timestamp', {}),
  reducerSchema('check_of_u_128', {}),
  reducerSchema('check_of_u_16', {}),
  reducerSchema('check_of_u_256', {}),
  reducerSchema('check_of_u_32', {}),
  reducerSchema('check_of_u_64', {}),
  reducerSchema('check_of_u_8', {}),
  reducerSchema('check_of_uuid', {}),
  reducerSchema('check_random', { seed: t.u64(), rounds: t.u32() }),
  reducerSchema('insert_by_bool', { key: t.bool(), twin: t.bool(), sorted: t.bool(), hashed: t.bool(), note: t.string() }),
  reducerSchema('insert_by_connection_id', { key: t.connectionId(), twin: t.connectionId(), sorted: t.connectionId(), hashed: t.connectionId(), note: t.string() }),
  reducerSchema('insert_by_i_128', { key: t.i128(), twin: t.i128(), sorted: t.i128(), hashed: t.i128(), note: t.string() }),
  reducerSchema('insert_by_i_16', { key: t.i16(), twin: t.i16(), sorted: t.i16(), hashed: t.i16(), note: t.string() }),
  reducerSchema('insert_by_i_256', { key: t.i256(), twin: t.i256(), sorted: t.i256(), hashed: t.i256(), note: t.string() }),
  reducerSchema('insert_by_i_32', { key: t.i32(), twin: t.i32(), sorted: t.i32(), hashed: t.i32(), note: t.string() }),
  reducerSchema('insert_by_i_64', { key: t.i64(), twin: t.i64(), sorted: t.i64(), hashed: t.i64(), note: t.string() }),
  reducerSchema('insert_by_i_8', { key: t.i8(), twin: t.i8(), sorted: t.i8(), hashed: t.i8(), note: t.string() }),
  reducerSchema('insert_by_identity', { key: t.identity(), twin: t.identity(), sorted: t.identity(), hashed: t.identity(), note: t.string() }),
  reducerSchema('insert_by_status', { key: Status, twin: Status, sorted: Status, hashed: Status, note: t.string() }),
  reducerSchema('insert_by_string', { key: t.string(), twin: t.string(), sorted: t.string(), hashed: t.string(), note: t.string() }),
  reducerSchema('insert_by_timestamp', { key: t.timestamp(), twin: t.timestamp(), sorted: t.timestamp(), hashed: t.timestamp(), note: t.string() }),
  reducerSchema('insert_by_u_128', { key: t.u128(), twin: t.u128(), sorted: t.u128(), hashed: t.u128(), note: t.string() }),
  reducerSchema('insert_by_u_16', { key: t.u16(), twin: t.u16(), sorted: t.u16(), hashed: t.u16(), note: t.string() }),
  reducerSchema('insert_by_u_256', { key: t.u256(), twin: t.u256(), sorted: t.u256(), hashed: t.u256(), note: t.string() }),
  reducerSchema('insert_by_u_32', { key: t.u32(), twin: t.u32(), sorted: t.u32(), hashed: t.u32(), note: t.string() }),
  reducerSchema('insert_by_u_64', { key: t.u64(), twin: t.u64(), sorted: t.u64(), hashed: t.u64(), note: t.string() }),
  reducerSchema('insert_by_u_8', { key: t.u8(), twin: t.u8(), sorted: t.u8(), hashed: t.u8(), note: t.string() }),
  reducerSchema('insert_by_uuid', { key: t.uuid(), twin: t.uuid(), sorted: t.uuid(), hashed: t.uuid(), note: t.string() }),
  reducerSchema('insert_direct_status', { key: Status, note: t.string() }),
  reducerSchema('insert_direct_u_16', { key: t.u16(), note: t.string() }),
  reducerSchema('insert_direct_u_32', { key: t.u32(), note: t.string() }),
  reducerSchema('insert_direct_u_64', { key: t.u64(), note: t.string() }),
  reducerSchema('insert_direct_u_8', { key: t.u8(), note: t.string() }),
  reducerSchema('insert_mixed', { text: t.string(), big: t.i128(), flag: t.bool(), status: Status, owner: t.identity(), at: t.timestamp(), tag: t.uuid() }),
  reducerSchema('insert_of_bool', { id: t.u32(), plain: t.bool(), optional: t.option(t.bool()), twiceOptional: t.option(t.option(t.bool())), list: t.array(t.bool()), optionalList: t.option(t.array(t.bool())), listOfOptional: t.array(t.option(t.bool())), listOfLists: t.array(t.array(t.bool())), wrapped: WrappedBool, choice: ChoiceOfBool }),
  reducerSchema('insert_of_bytes', { id: t.u32(), plain: t.byteArray(), optional: t.option(t.byteArray()), twiceOptional: t.option(t.option(t.byteArray())), list: t.array(t.byteArray()), optionalList: t.option(t.array(t.byteArray())), listOfOptional: t.array(t.option(t.byteArray())), listOfLists: t.array(t.array(t.byteArray())), wrapped: WrappedBytes, choice: ChoiceOfBytes }),
  reducerSchema('insert_of_connection_id', { id: t.u32(), plain: t.connectionId(), optional: t.option(t.connectionId()), twiceOptional: t.option(t.option(t.connectionId())), list: t.array(t.connectionId()), optionalList: t.option(t.array(t.connectionId())), listOfOptional: t.array(t.option(t.connectionId())), listOfLists: t.array(t.array(t.connectionId())), wrapped: WrappedConnectionId, choice: ChoiceOfConnectionId }),
  reducerSchema('insert_of_duration', { id: t.u32(), plain: t.timeDuration(), optional: t.option(t.timeDuration()), twiceOptional: t.option(t.option(t.timeDuration())), list: t.array(t.timeDuration()), optionalList: t.option(t.array(t.timeDuration())), listOfOptional: t.array(t.option(t.timeDuration())), listOfLists: t.array(t.array(t.timeDuration())), wrapped: WrappedDuration, choice: ChoiceOfDuration }),
  reducerSchema('insert_of_f_32', { id: t.u32(), plain: t.f32(), optional: t.option(t.f32()), twiceOptional: t.option(t.option(t.f32())), list: t.array(t.f32()), optionalList: t.option(t.array(t.f32())), listOfOptional: t.array(t.option(t.f32())), listOfLists: t.array(t.array(t.f32())), wrapped: WrappedF32, choice: ChoiceOfF32 }),
  reducerSchema('insert_of_f_64', { id: t.u32(), plain: t.f64(), optional: t.option(t.f64()), twiceOptional: t.option(t.option(t.f64())), list: t.array(t.f64()), optionalList: t.option(t.array(t.f64())), listOfOptional: t.array(t.option(t.f64())), listOfLists: t.array(t.array(t.f64())), wrapped: WrappedF64, choice: ChoiceOfF64 }),
  reducerSchema('insert_of_i_128', { id: t.u32(), plain: t.i128(), optional: t.option(t.i128()), twiceOptional: t.option(t.option(t.i128())), list: t.array(t.i128()), optionalList: t.option(t.array(t.i128())), listOfOptional: t.array(t.option(t.i128())), listOfLists: t.array(t.array(t.i128())), wrapped: WrappedI128, choice: ChoiceOfI128 }),
  reducerSchema('insert_of_i_16', { id: t.u32(), plain: t.i16(), optional: t.option(t.i16()), twiceOptional: t.option(t.option(t.i16())), list: t.array(t.i16()), optionalList: t.option(t.array(t.i16())), listOfOptional: t.array(t.option(t.i16())), listOfLists: t.array(t.array(t.i16())), wrapped: WrappedI16, choice: ChoiceOfI16 }),
  reducerSchema('insert_of_i_256', { id: t.u32(), plain: t.i256(), optional: t.option(t.i256()), twiceOptional: t.option(t.option(t.i256())), list: t.array(t.i256()), optionalList: t.option(t.array(t.i256())), listOfOptional: t.array(t.option(t.i256())), listOfLists: t.array(t.array(t.i256())), wrapped: WrappedI256, choice: ChoiceOfI256 }),
  reducerSchema('insert_of_i_32', { id: t.u32(), plain: t.i32(), optional: t.option(t.i32()), twiceOptional: t.option(t.option(t.i32())), list: t.array(t.i32()), optionalList: t.option(t.array(t.i32())), listOfOptional: t.array(t.option(t.i32())), listOfLists: t.array(t.array(t.i32())), wrapped: WrappedI32, choice: ChoiceOfI32 }),
  reducerSchema('insert_of_i_64', { id: t.u32(), plain: t.i64(), optional: t.option(t.i64()), twiceOptional: t.option(t.option(t.i64())), list: t.array(t.i64()), optionalList: t.option(t.array(t.i64())), listOfOptional: t.array(t.option(t.i64())), listOfLists: t.array(t.array(t.i64())), wrapped: WrappedI64, choice: ChoiceOfI64 }),
  reducerSchema('insert_of_i_8', { id: t.u32(), plain: t.i8(), optional: t.option(t.i8()), twiceOptional: t.option(t.option(t.i8())), list: t.array(t.i8()), optionalList: t.option(t.array(t.i8())), listOfOptional: t.array(t.option(t.i8())), listOfLists: t.array(t.array(t.i8())), wrapped: WrappedI8, choice: ChoiceOfI8 }),
  reducerSchema('insert_of_identity', { id: t.u32(), plain: t.identity(), optional: t.option(t.identity()), twiceOptional: t.option(t.option(t.identity())), list: t.array(t.identity()), optionalList: t.option(t.array(t.identity())), listOfOptional: t.array(t.option(t.identity())), listOfLists: t.array(t.array(t.identity())), wrapped: WrappedIdentity, choice: ChoiceOfIdentity }),
  reducerSchema('insert_of_large_result', { id: t.u32(), plain: t.result(Point, Shape), optional: t.option(t.result(Point, Shape)), twiceOptional: t.option(t.option(t.result(Point, Shape))), list: t.array(t.result(Point, Shape)), optionalList: t.option(t.array(t.result(Point, Shape))), listOfOptional: t.array(t.option(t.result(Point, Shape))), listOfLists: t.array(t.array(t.result(Point, Shape))), wrapped: WrappedLargeResult, choice: ChoiceOfLargeResult }),
  reducerSchema('insert_of_line', { id: t.u32(), plain: Line, optional: t.option(Line), twiceOptional: t.option(t.option(Line)), list: t.array(Line), optionalList: t.option(t.array(Line)), listOfOptional: t.array(t.option(Line)), listOfLists: t.array(t.array(Line)), wrapped: WrappedLine, choice: ChoiceOfLine }),
  reducerSchema('insert_of_nothing', { id: t.u32(), plain: Nothing, optional: t.option(Nothing), twiceOptional: t.option(t.option(Nothing)), list: t.array(Nothing), optionalList: t.option(t.array(Nothing)), listOfOptional: t.array(t.option(Nothing)), listOfLists: t.array(t.array(Nothing)), wrapped: WrappedNothing, choice: ChoiceOfNothing }),
  reducerSchema('insert_of_point', { id: t.u32(), plain: Point, optional: t.option(Point), twiceOptional: t.option(t.option(Point)), list: t.array(Point), optionalList: t.option(t.array(Point)), listOfOptional: t.array(t.option(Point)), listOfLists: t.array(t.array(Point)), wrapped: WrappedPoint, choice: ChoiceOfPoint }),
  reducerSchema('insert_of_result', { id: t.u32(), plain: t.result(t.u32(), t.string()), optional: t.option(t.result(t.u32(), t.string())), twiceOptional: t.option(t.option(t.result(t.u32(), t.string()))), list: t.array(t.result(t.u32(), t.string())), optionalList: t.option(t.array(t.result(t.u32(), t.string()))), listOfOptional: t.array(t.option(t.result(t.u32(), t.string()))), listOfLists: t.array(t.array(t.result(t.u32(), t.string()))), wrapped: WrappedResult, choice: ChoiceOfResult }),
  reducerSchema('insert_of_schedule_at', { id: t.u32(), plain: t.scheduleAt(), optional: t.option(t.scheduleAt()), twiceOptional: t.option(t.option(t.scheduleAt())), list: t.array(t.scheduleAt()), optionalList: t.option(t.array(t.scheduleAt())), listOfOptional: t.array(t.option(t.scheduleAt())), listOfLists: t.array(t.array(t.scheduleAt())), wrapped: WrappedScheduleAt, choice: ChoiceOfScheduleAt }),
  reducerSchema('insert_of_shape', { id: t.u32(), plain: Shape, optional: t.option(Shape), twiceOptional: t.option(t.option(Shape)), list: t.array(Shape), optionalList: t.option(t.array(Shape)), listOfOptional: t.array(t.option(Shape)), listOfLists: t.array(t.array(Shape)), wrapped: WrappedShape, choice: ChoiceOfShape }),
  reducerSchema('insert_of_status', { id: t.u32(), plain: Status, optional: t.option(Status), twiceOptional: t.option(t.option(Status)), list: t.array(Status), optionalList: t.option(t.array(Status)), listOfOptional: t.array(t.option(Status)), listOfLists: t.array(t.array(Status)), wrapped: WrappedStatus, choice: ChoiceOfStatus }),
  reducerSchema('insert_of_string', { id: t.u32(), plain: t.string(), optional: t.option(t.string()), twiceOptional: t.option(t.option(t.string())), list: t.array(t.string()), optionalList: t.option(t.array(t.string())), listOfOptional: t.array(t.option(t.string())), listOfLists: t.array(t.array(t.string())), wrapped: WrappedString, choice: ChoiceOfString }),
  reducerSchema('insert_of_timestamp', { id: t.u32(), plain: t.timestamp(), optional: t.option(t.timestamp()), twiceOptional: t.option(t.option(t.timestamp())), list: t.array(t.timestamp()), optionalList: t.option(t.array(t.timestamp())), listOfOptional: t.array(t.option(t.timestamp())), listOfLists: t.array(t.array(t.timestamp())), wrapped: WrappedTimestamp, choice: ChoiceOfTimestamp }),
  reducerSchema('insert_of_u_128', { id: t.u32(), plain: t.u128(), optional: t.option(t.u128()), twiceOptional: t.option(t.option(t.u128())), list: t.array(t.u128()), optionalList: t.option(t.array(t.u128())), listOfOptional: t.array(t.option(t.u128())), listOfLists: t.array(t.array(t.u128())), wrapped: WrappedU128, choice: ChoiceOfU128 }),
  reducerSchema('insert_of_u_16', { id: t.u32(), plain: t.u16(), optional: t.option(t.u16()), twiceOptional: t.option(t.option(t.u16())), list: t.array(t.u16()), optionalList: t.option(t.array(t.u16())), listOfOptional: t.array(t.option(t.u16())), listOfLists: t.array(t.array(t.u16())), wrapped: WrappedU16, choice: ChoiceOfU16 }),
  reducerSchema('insert_of_u_256', { id: t.u32(), plain: t.u256(), optional: t.option(t.u256()), twiceOptional: t.option(t.option(t.u256())), list: t.array(t.u256()), optionalList: t.option(t.array(t.u256())), listOfOptional: t.array(t.option(t.u256())), listOfLists: t.array(t.array(t.u256())), wrapped: WrappedU256, choice: ChoiceOfU256 }),
  reducerSchema('insert_of_u_32', { id: t.u32(), plain: t.u32(), optional: t.option(t.u32()), twiceOptional: t.option(t.option(t.u32())), list: t.array(t.u32()), optionalList: t.option(t.array(t.u32())), listOfOptional: t.array(t.option(t.u32())), listOfLists: t.array(t.array(t.u32())), wrapped: WrappedU32, choice: ChoiceOfU32 }),
  reducerSchema('insert_of_u_64', { id: t.u32(), plain: t.u64(), optional: t.option(t.u64()), twiceOptional: t.option(t.option(t.u64())), list: t.array(t.u64()), optionalList: t.option(t.array(t.u64())), listOfOptional: t.array(t.option(t.u64())), listOfLists: t.array(t.array(t.u64())), wrapped: WrappedU64, choice: ChoiceOfU64 }),
  reducerSchema('insert_of_u_8', { id: t.u32(), plain: t.u8(), optional: t.option(t.u8()), twiceOptional: t.option(t.option(t.u8())), list: t.byteArray(), optionalList: t.option(t.byteArray()), listOfOptional: t.array(t.option(t.u8())), listOfLists: t.array(t.byteArray()), wrapped: WrappedU8, choice: ChoiceOfU8 }),
  reducerSchema('insert_of_uuid', { id: t.u32(), plain: t.uuid(), optional: t.option(t.uuid()), twiceOptional: t.option(t.option(t.uuid())), list: t.array(t.uuid()), optionalList: t.option(t.array(t.uuid())), listOfOptional: t.array(t.option(t.uuid())), listOfLists: t.array(t.array(t.uuid())), wrapped: WrappedUuid, choice: ChoiceOfUuid }),
  reducerSchema('schedule_and_fail', { millis: t.u64(), note: t.string() }),
  reducerSchema('schedule_every', { millis: t.u64(), note: t.string() }),
  reducerSchema('schedule_failing', { millis: t.u64(), note: t.string() }),
  reducerSchema('schedule_in', { millis: t.u64(), note: t.string() }),
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
