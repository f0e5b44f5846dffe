//! Envelope, V10 sections, V10 naming, views and types.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that panics has failed")]

mod description;

use description::*;
use spacetime_definition::{Definition, Error, Type, ViewKind, decode};

#[track_caller]
fn unsupported(bytes: &[u8], parts: &[&str]) {
    let error = decode(bytes).expect_err("must be refused");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    for part in parts {
        assert!(error.to_string().contains(part), "{error} lacks {part}");
    }
}

fn with_section(tag: u8, bytes: Vec<u8>) -> Vec<u8> {
    let mut module = Module::person();
    module.sections.push((tag, bytes));
    module.v10()
}

#[test]
fn envelope() {
    unsupported(&[0, 0, 0], &["V8", "before 1.0"]);
    unsupported(&[3], &["tag 3", "newer SDK than 2.14"]);
    assert!(matches!(decode(&[]), Err(Error::Malformed { offset: 0, .. })));
    assert!(decode(&[2, 0, 0, 0, 0]).unwrap().tables.is_empty());
}

#[test]
fn sections_that_are_not_implemented() {
    unsupported(
        &with_section(17, vec![]),
        &["section 17", "built with a newer SDK than 2.14; use spacetimedb 2.14 or older"],
    );
    for (tag, name) in [(14, "Submodules"), (16, "Outboxes")] {
        decode(&with_section(tag, count(0))).unwrap();
        unsupported(&with_section(tag, count(1)), &[name]);
    }
    assert!(matches!(decode(&with_section(0, count(0))), Err(Error::Malformed { .. })), "section twice");
}

#[test]
fn http_handlers_and_routes_are_kept() {
    let handlers = list(&[text("hello")]);
    let route =
        |handler: &str, method: &[u8], path: &str| [text(handler), method.to_vec(), text(path)].concat();
    let routes = list(&[
        route("hello", &[0], "/any"),
        route("hello", &[1, 2], "/post"),
        route("hello", &[vec![1, 9], text("PURGE")].concat(), "/purge"),
    ]);
    let mut module = Module::person();
    module.sections = vec![(11, handlers.clone()), (12, routes)];
    let definition = decode(&module.v10()).unwrap();
    assert_eq!(definition.http_handlers, ["hello"]);
    let methods: Vec<_> = definition.http_routes.iter().map(|route| route.method.as_deref()).collect();
    assert_eq!(methods, [None, Some("POST"), Some("PURGE")]);
    module.sections = vec![(11, handlers), (12, list(&[route("other", &[0], "/")]))];
    assert!(decode(&module.v10()).unwrap_err().to_string().contains("`other`"));
}

fn renamed(policy: Option<u8>, explicit: &[(u8, &str, &str)]) -> Definition {
    let mut module = Module::person();
    module.typespace = vec![product(&[("Person2Id", U64.into()), ("favouriteColour", reference(1))])];
    module.typespace.push(sum(&[("DarkBlue", product(&[])), ("Red", product(&[]))]));
    module.types = vec![(vec![], "Person2", 0), (vec!["art"], "colour_name", 1)];
    module.tables[0].name = "Person2";
    module.tables[0].indexes = vec![index(Some("Person2_Person2Id_idx_btree"), 0, &[0])];
    module.reducers = vec![("addHTTP2Person", elements(&[("newName", STRING.into())]))];
    module.sections.extend(policy.map(|policy| (9, vec![policy])));
    let entries: Vec<_> =
        explicit.iter().map(|(kind, from, to)| [vec![*kind], text(from), text(to)].concat()).collect();
    module.sections.push((10, list(&entries)));
    decode(&module.v10()).unwrap()
}

#[test]
fn v10_names_are_converted() {
    for policy in [None, Some(1)] {
        let definition = renamed(policy, &[]);
        let table = &definition.tables[0];
        assert_eq!((table.name.as_str(), table.source_name.as_str()), ("person_2", "Person2"));
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(columns, ["person_2_id", "favourite_colour"]);
        assert_eq!(table.columns[0].source_name, "Person2Id");
        assert_eq!(table.indexes[0].name, "person_2_person_2_id_idx_btree");
        assert_eq!(table.indexes[0].aliases, ["Person2_Person2Id_idx_btree"]);
        assert_eq!(definition.reducers[0].name, "add_http_2_person");
        assert_eq!(definition.reducers[0].params[0].name.as_deref(), Some("new_name"));
        assert_eq!(definition.types[0].name, "Person2");
        assert_eq!(definition.types[1].name, "Art.ColourName");
        let Type::Sum(colour) = &table.columns[1].ty else { panic!("not an enum") };
        assert_eq!(colour.name.as_deref(), Some("Art.ColourName"));
        assert_eq!(colour.variants[0].name.as_deref(), Some("darkBlue"));
        assert!(colour.is_plain_enum());
    }
}

#[test]
fn policy_none_and_explicit_names() {
    let plain = renamed(Some(0), &[]);
    assert_eq!(plain.tables[0].name, "Person2");
    assert_eq!(plain.tables[0].indexes[0].name, "Person2_Person2Id_idx_btree");
    assert!(plain.tables[0].indexes[0].aliases.is_empty());
    let explicit = renamed(
        None,
        &[
            (0, "Person2", "people"),
            (1, "addHTTP2Person", "add"),
            (2, "Person2_Person2Id_idx_btree", "by_id"),
            (3, "x", "y"),
        ],
    );
    assert_eq!(explicit.tables[0].name, "people");
    assert_eq!(explicit.reducers[0].name, "add");
    assert_eq!(explicit.tables[0].indexes[0].name, "by_id");
    assert_eq!(explicit.tables[0].unique_constraints[0].name, "people_person_2_id_key");
}

#[test]
fn look_ups() {
    let definition = renamed(None, &[]);
    assert_eq!(definition.table_by_name("person_2"), Some(0));
    assert_eq!(definition.table_by_name("Person2"), Some(0));
    assert_eq!(definition.table_by_name("person"), None);
    assert_eq!(definition.index_by_name("person_2_person_2_id_idx_btree"), Some((0, 0)));
    assert_eq!(definition.index_by_name("Person2_Person2Id_idx_btree"), Some((0, 0)));
    assert_eq!(definition.index_by_name("Person2_idx_btree"), None);
    assert_eq!(definition.reducer_by_name("addHTTP2Person"), Some(0));
    assert_eq!(definition.similar_reducer("add_htp_2_person"), Some("add_http_2_person"));
    assert_eq!(definition.similar_reducer("remove"), None);
}

#[test]
fn views() {
    let mut module = Module::person();
    module.views = vec![
        ("allPeople", true, array(reference(0))),
        ("me", false, option(reference(0))),
        ("asked", true, product(&[("__query__", reference(0))])),
    ];
    module.sections.push((13, list(&[[text("allPeople"), list(&[text("id")])].concat()])));
    let views = decode(&module.v10()).unwrap().views;
    let kinds: Vec<_> = views.iter().map(|view| view.kind).collect();
    assert_eq!(kinds, [ViewKind::Rows, ViewKind::Option, ViewKind::Query]);
    assert_eq!((views[0].name.as_str(), views[0].source_name.as_str()), ("all_people", "allPeople"));
    assert_eq!(views[0].primary_key, Some(vec!["id".to_owned()]));
    assert_eq!((views[1].index, views[1].is_anonymous, &views[1].primary_key), (1, false, &None));
    assert!(views.iter().all(|view| view.row_type.name.as_deref() == Some("Person")));
    let Type::Product(query) = &views[2].return_type else { panic!("not a product") };
    assert_eq!(query.fields[0].name.as_deref(), Some("__query__"));
    assert_eq!(decode(&module.v9()).unwrap().views.len(), 3);

    module.sections = vec![(13, list(&[[text("me"), list(&[text("nothing")])].concat()]))];
    assert!(decode(&module.v10()).unwrap_err().to_string().contains("`nothing`"));
    for wrong in [U64.to_vec(), array(U8.into()), reference(0)] {
        module.views = vec![("wrong", true, wrong)];
        assert!(decode(&module.v9()).unwrap_err().to_string().contains("view `wrong`"));
    }
}

/// The type of a column `id` that has the encoding `ty`.
fn column_type(ty: Vec<u8>) -> Result<Type, Error> {
    let mut module = Module { typespace: vec![product(&[("x", ty)])], ..Module::default() };
    module.tables = vec![Table { name: "t", ..Table::default() }];
    decode(&module.v10()).map(|mut definition| definition.tables.remove(0).columns.remove(0).ty)
}

#[test]
fn special_types() {
    let one = |name: &str, ty: u8| product(&[(name, vec![ty])]);
    assert_eq!(column_type(one("__identity__", 17)).unwrap(), Type::Identity);
    assert_eq!(column_type(one("__connection_id__", 15)).unwrap(), Type::ConnectionId);
    assert_eq!(column_type(one("__uuid__", 15)).unwrap(), Type::Uuid);
    assert_eq!(column_type(one("__timestamp_micros_since_unix_epoch__", 12)).unwrap(), Type::Timestamp);
    assert_eq!(column_type(schedule_at()).unwrap(), Type::ScheduleAt);
    assert_eq!(column_type(array(U8.into())).unwrap(), Type::Bytes);
    let nested = option(option(array(array(U8.into()))));
    assert_eq!(column_type(nested).unwrap().describe(), "Option<Option<array of bytes>>");
    let result = sum(&[("ok", STRING.into()), ("err", F64.into())]);
    assert_eq!(column_type(result).unwrap().describe(), "Result<string, f64>");
    // The wrong inner type makes it an ordinary product.
    assert!(matches!(column_type(one("__identity__", 15)).unwrap(), Type::Product(_)));
    assert!(matches!(
        column_type(sum(&[("none", product(&[])), ("some", U8.into())])).unwrap(),
        Type::Sum(_)
    ));
}

#[test]
fn recursion_depth_and_size_are_errors() {
    let recursive = product(&[("next", option(reference(1)))]);
    let mut module = Module::person();
    module.typespace.push(recursive);
    module.types.push((vec![], "Node", 1));
    // Declaring it is fine, using it is not.
    assert_eq!(decode(&module.v10()).unwrap().types.len(), 1);
    module.reducers = vec![("walk", elements(&[("node", reference(1))]))];
    unsupported(&module.v9(), &["recursive type Node", "reducer `walk`"]);

    let deep = |levels: usize| (0..levels).fold(STRING.to_vec(), |ty, _| array(ty));
    assert!(column_type(deep(63)).is_ok());
    assert!(column_type(deep(64)).unwrap_err().to_string().contains("64 levels"));
    assert!(matches!(column_type(deep(100_000)), Err(Error::Malformed { .. })));

    // Each entry twice the next one: 2^40 nodes if it were resolved.
    let doubling = |i: u32| product(&[("a", reference(i + 1)), ("b", reference(i + 1))]);
    let mut module = Module { typespace: (0..40).map(doubling).collect(), ..Module::default() };
    module.typespace.push(U8.into());
    module.tables = vec![Table { name: "t", ..Table::default() }];
    let error = decode(&module.v10()).unwrap_err().to_string();
    assert!(error.contains("table `t`, column `a`") && error.contains("too large"), "{error}");

    let chain = |length: u32| Module {
        typespace: (0..length).map(|i| reference((i + 1) % length)).collect(),
        tables: vec![Table { name: "t", ..Table::default() }],
        ..Module::default()
    };
    assert!(decode(&chain(1).v9()).is_err());
    assert!(decode(&chain(10_000).v9()).is_err());
    assert!(column_type(reference(77)).unwrap_err().to_string().contains("type 77"));
}

#[test]
fn colliding_names_inside_a_type_are_refused() {
    let fields = product(&[("fooBar", U8.into()), ("foo_bar", U8.into())]);
    assert!(column_type(fields).unwrap_err().to_string().contains("two fields"));
    let variants = sum(&[("Foo", U8.into()), ("foo", U8.into())]);
    assert!(column_type(variants).unwrap_err().to_string().contains("two variants"));
}

#[test]
fn environment_variables() {
    let variable = |name: &str, ty: Vec<u8>, optional: u8| [text(name), ty, vec![optional]].concat();
    let with = |variables: &[Vec<u8>]| {
        decode(&Module { sections: vec![(15, list(variables))], ..Module::default() }.v10())
    };
    let one_of = [vec![2], list(&[text("debug"), text("info")])].concat();
    let literal = [vec![1], text("on")].concat();
    let module = with(&[
        variable("API_KEY", vec![0], 0),
        variable("_level2", one_of, 1),
        variable("FLAG", literal, 0),
    ])
    .unwrap();
    let [key, level, flag] = module.environment.as_slice() else { panic!("{:?}", module.environment) };
    assert_eq!((key.name.as_str(), &key.allowed, key.is_optional), ("API_KEY", &None, false));
    assert_eq!((level.allowed.as_ref().unwrap().len(), level.is_optional), (2, true));
    assert_eq!(flag.allowed.as_deref(), Some(&["on".to_owned()][..]));

    let refused = |name: &str| with(&[variable(name, vec![0], 0)]).unwrap_err().to_string();
    assert!(refused("2ND").contains("2ND"));
    assert!(refused("").contains("name must be"));
    assert!(refused("A-B").contains("A-B"));
    let twice = with(&[variable("A", vec![0], 0), variable("A", vec![0], 1)]).unwrap_err();
    assert!(twice.to_string().contains("declared twice"), "{twice}");
    let many: Vec<_> = (0..257).map(|n| variable(&format!("V{n}"), vec![0], 0)).collect();
    assert!(with(&many).unwrap_err().to_string().contains("256"));
}
