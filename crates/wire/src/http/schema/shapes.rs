//! The shapes of definitions (module-abi.md §3.2, §3.5, §3.6). Position is the order of fields, or the tag.

use super::shape::Shape::{
    self, Bool, Bytes, EmptyList, I128, List, Option, Product, String, Sum, U16, U32, Unit,
};

static OPTIONAL_STRING: Shape = Option(&String);
static OPTIONAL_I128: Shape = Option(&I128);
static STRINGS: Shape = List(&String);
static COLUMNS: Shape = List(&U16);

static ALGEBRAIC_TYPE: Shape = Sum(&[
    ("Ref", &U32),
    ("Sum", &Product(&[("variants", &List(&ELEMENT))])),
    ("Product", &PRODUCT_TYPE),
    ("Array", &ALGEBRAIC_TYPE),
    ("String", &Unit),
    ("Bool", &Unit),
    ("I8", &Unit),
    ("U8", &Unit),
    ("I16", &Unit),
    ("U16", &Unit),
    ("I32", &Unit),
    ("U32", &Unit),
    ("I64", &Unit),
    ("U64", &Unit),
    ("I128", &Unit),
    ("U128", &Unit),
    ("I256", &Unit),
    ("U256", &Unit),
    ("F32", &Unit),
    ("F64", &Unit),
]);
static ELEMENT: Shape = Product(&[("name", &OPTIONAL_STRING), ("algebraic_type", &ALGEBRAIC_TYPE)]);
static PRODUCT_TYPE: Shape = Product(&[("elements", &List(&ELEMENT))]);
static TYPESPACE: Shape = Product(&[("types", &List(&ALGEBRAIC_TYPE))]);

// One unnamed payload each: the columns themselves.
static INDEX_ALGORITHM: Shape = Sum(&[("BTree", &COLUMNS), ("Hash", &COLUMNS), ("Direct", &U16)]);
static CONSTRAINT_DATA: Shape = Sum(&[("Unique", &Product(&[("columns", &COLUMNS)]))]);
static TABLE_TYPE: Shape = Sum(&[("System", &Unit), ("User", &Unit)]);
static TABLE_ACCESS: Shape = Sum(&[("Public", &Unit), ("Private", &Unit)]);
static LIFECYCLE: Shape = Sum(&[("Init", &Unit), ("OnConnect", &Unit), ("OnDisconnect", &Unit)]);
static VISIBILITY: Shape = Sum(&[("Private", &Unit), ("ClientCallable", &Unit)]);
static ROW_LEVEL_SECURITY: Shape = List(&Product(&[("sql", &String)]));

pub(super) static V9: Shape = Product(&[
    ("typespace", &TYPESPACE),
    ("tables", &List(&TABLE_V9)),
    ("reducers", &List(&REDUCER_V9)),
    ("types", &List(&TYPE_V9)),
    ("misc_exports", &List(&MISC_EXPORT)),
    ("row_level_security", &ROW_LEVEL_SECURITY),
]);

static TABLE_V9: Shape = Product(&[
    ("name", &String),
    ("product_type_ref", &U32),
    ("primary_key", &COLUMNS),
    (
        "indexes",
        &List(&Product(&[
            ("name", &OPTIONAL_STRING),
            ("accessor_name", &OPTIONAL_STRING),
            ("algorithm", &INDEX_ALGORITHM),
        ])),
    ),
    ("constraints", &List(&Product(&[("name", &OPTIONAL_STRING), ("data", &CONSTRAINT_DATA)]))),
    (
        "sequences",
        &List(&Product(&[
            ("name", &OPTIONAL_STRING),
            ("column", &U16),
            ("start", &OPTIONAL_I128),
            ("min_value", &OPTIONAL_I128),
            ("max_value", &OPTIONAL_I128),
            ("increment", &I128),
        ])),
    ),
    ("schedule", &Option(&SCHEDULE_V9)),
    ("table_type", &TABLE_TYPE),
    ("table_access", &TABLE_ACCESS),
]);
static SCHEDULE_V9: Shape =
    Product(&[("name", &OPTIONAL_STRING), ("reducer_name", &String), ("scheduled_at_column", &U16)]);
static REDUCER_V9: Shape =
    Product(&[("name", &String), ("params", &PRODUCT_TYPE), ("lifecycle", &Option(&LIFECYCLE))]);
static TYPE_V9: Shape = Product(&[
    ("name", &Product(&[("scope", &STRINGS), ("name", &String)])),
    ("ty", &U32),
    ("custom_ordering", &Bool),
]);
static MISC_EXPORT: Shape = Sum(&[
    ("ColumnDefaultValue", &Product(&[("table", &String), ("col_id", &U16), ("value", &Bytes)])),
    (
        "Procedure",
        &Product(&[("name", &String), ("params", &PRODUCT_TYPE), ("return_type", &ALGEBRAIC_TYPE)]),
    ),
    (
        "View",
        &Product(&[
            ("name", &String),
            ("index", &U32),
            ("is_public", &Bool),
            ("is_anonymous", &Bool),
            ("params", &PRODUCT_TYPE),
            ("return_type", &ALGEBRAIC_TYPE),
        ]),
    ),
]);

pub(super) static V10: Shape = Product(&[("sections", &List(&SECTION))]);

static SECTION: Shape = Sum(&[
    ("Typespace", &TYPESPACE),
    ("Types", &List(&TYPE_V10)),
    ("Tables", &List(&TABLE_V10)),
    ("Reducers", &List(&REDUCER_V10)),
    ("Procedures", &List(&PROCEDURE_V10)),
    ("Views", &List(&VIEW_V10)),
    ("Schedules", &List(&SCHEDULE_V10)),
    ("LifeCycleReducers", &List(&Product(&[("lifecycle_spec", &LIFECYCLE), ("function_name", &String)]))),
    ("RowLevelSecurity", &ROW_LEVEL_SECURITY),
    ("CaseConversionPolicy", &Sum(&[("None", &Unit), ("SnakeCase", &Unit)])),
    ("ExplicitNames", &Product(&[("entries", &List(&EXPLICIT_NAME))])),
    ("HttpHandlers", &List(&Product(&[("source_name", &String)]))),
    (
        "HttpRoutes",
        &List(&Product(&[("handler_function", &String), ("method", &ROUTE_METHOD), ("path", &String)])),
    ),
    ("ViewPrimaryKeys", &List(&Product(&[("view_source_name", &String), ("columns", &STRINGS)]))),
    ("Submodules", &EmptyList),
    ("Environment", &List(&ENVIRONMENT_VARIABLE)),
    ("Outboxes", &EmptyList),
]);

static ENVIRONMENT_VARIABLE: Shape =
    Product(&[("name", &String), ("ty", &ENVIRONMENT_TYPE), ("optional", &Bool)]);
static ENVIRONMENT_TYPE: Shape = Sum(&[("String", &Unit), ("StringLiteral", &String), ("Union", &STRINGS)]);
static TYPE_V10: Shape = Product(&[
    ("source_name", &Product(&[("scope", &STRINGS), ("source_name", &String)])),
    ("ty", &U32),
    ("custom_ordering", &Bool),
]);
static TABLE_V10: Shape = Product(&[
    ("source_name", &String),
    ("product_type_ref", &U32),
    ("primary_key", &COLUMNS),
    (
        "indexes",
        &List(&Product(&[
            ("source_name", &OPTIONAL_STRING),
            ("accessor_name", &OPTIONAL_STRING),
            ("algorithm", &INDEX_ALGORITHM),
        ])),
    ),
    ("constraints", &List(&Product(&[("source_name", &OPTIONAL_STRING), ("data", &CONSTRAINT_DATA)]))),
    (
        "sequences",
        &List(&Product(&[
            ("source_name", &OPTIONAL_STRING),
            ("column", &U16),
            ("start", &OPTIONAL_I128),
            ("min_value", &OPTIONAL_I128),
            ("max_value", &OPTIONAL_I128),
            ("increment", &I128),
        ])),
    ),
    ("table_type", &TABLE_TYPE),
    ("table_access", &TABLE_ACCESS),
    ("default_values", &List(&Product(&[("col_id", &U16), ("value", &Bytes)]))),
    ("is_event", &Bool),
]);
static REDUCER_V10: Shape = Product(&[
    ("source_name", &String),
    ("params", &PRODUCT_TYPE),
    ("visibility", &VISIBILITY),
    ("ok_return_type", &ALGEBRAIC_TYPE),
    ("err_return_type", &ALGEBRAIC_TYPE),
]);
static PROCEDURE_V10: Shape = Product(&[
    ("source_name", &String),
    ("params", &PRODUCT_TYPE),
    ("return_type", &ALGEBRAIC_TYPE),
    ("visibility", &VISIBILITY),
]);
static VIEW_V10: Shape = Product(&[
    ("source_name", &String),
    ("index", &U32),
    ("is_public", &Bool),
    ("is_anonymous", &Bool),
    ("params", &PRODUCT_TYPE),
    ("return_type", &ALGEBRAIC_TYPE),
]);
static SCHEDULE_V10: Shape = Product(&[
    ("source_name", &OPTIONAL_STRING),
    ("table_name", &String),
    ("schedule_at_col", &U16),
    ("function_name", &String),
]);
static RENAMING: Shape = Product(&[("source_name", &String), ("canonical_name", &String)]);
static EXPLICIT_NAME: Shape =
    Sum(&[("Table", &RENAMING), ("Function", &RENAMING), ("Index", &RENAMING), ("Namespace", &RENAMING)]);
static ROUTE_METHOD: Shape = Sum(&[("Any", &Unit), ("Method", &HTTP_METHOD)]);
static HTTP_METHOD: Shape = Sum(&[
    ("Get", &Unit),
    ("Head", &Unit),
    ("Post", &Unit),
    ("Put", &Unit),
    ("Delete", &Unit),
    ("Connect", &Unit),
    ("Options", &Unit),
    ("Trace", &Unit),
    ("Patch", &Unit),
    ("Extension", &String),
]);
