//! Names and types that a module in Rust hardly has, but others may.

use spacetime_definition::{Column, Definition, Field, Product, Sum, Type, Variant};
use spacetime_wire::http::schema::{self, Version};

use super::files;

fn chat() -> Definition {
    let body = serde_json::from_str(include_str!("../../../golden/chat.json")).unwrap();
    spacetime_definition::decode(&schema::description(Version::V10, &body).unwrap()).unwrap()
}

fn field(name: &str, ty: Type) -> Field {
    Field { name: Some(name.into()), ty }
}

fn add_column(definition: &mut Definition, name: &str, ty: Type) {
    let table = definition.tables.iter_mut().find(|table| table.name == "message").unwrap();
    table.row_type_name = Some("Message".into());
    table.columns.push(Column { name: name.into(), source_name: name.into(), ty, default: None });
}

fn file(definition: &Definition, name: &str) -> String {
    let files = files(definition).unwrap();
    let (_, text) = files.into_iter().find(|(file, _)| file == name).unwrap_or_else(|| panic!("no {name}"));
    text
}

#[test]
fn words_of_the_language_are_names() {
    let mut definition = chat();
    add_column(&mut definition, "type", Type::U8);
    add_column(&mut definition, "self", Type::U8);
    definition.reducers.iter_mut().find(|reducer| reducer.name == "set_name").unwrap().name = "move".into();
    let row = file(&definition, "message_type.rs");
    assert!(row.contains("pub r#type: u8,\n    pub self_: u8,"), "{row}");
    assert!(row.contains("r#type: __query_builder::Col::new(table, \"type\")"), "{row}");
    let reducer = file(&definition, "move_reducer.rs");
    assert!(
        reducer.contains("fn r#move(&self, name: String)") && reducer.contains("fn move_then("),
        "{reducer}"
    );
    assert!(file(&definition, "remote_reducers.rs").contains("Self::Move { .. } => \"move\","));
}

#[test]
fn types_without_names_get_those_of_their_places() {
    let place = Product { name: None, fields: vec![field("x", Type::F32), field("y", Type::F32)] };
    let choice = Sum {
        name: None,
        variants: vec![
            Variant { name: Some("nowhere".into()), ty: Type::unit() },
            Variant { name: Some("there".into()), ty: Type::Product(place) },
        ],
    };
    let mut definition = chat();
    add_column(&mut definition, "goal", Type::Option(Box::new(Type::Sum(choice))));
    assert!(file(&definition, "message_type.rs").contains("pub goal: Option<MessageGoal>,"));
    let choice = file(&definition, "message_goal_type.rs");
    assert!(choice.contains("    Nowhere,\n    There(MessageGoalThere),\n"), "{choice}");
    assert!(!choice.contains("Hash"), "of floats: {choice}");
    assert!(file(&definition, "message_goal_there_type.rs").contains("pub x: f32,\n    pub y: f32,"));
}

#[test]
fn names_of_files_may_be_in_any_script() {
    let mut definition = chat();
    let table = definition.tables.iter_mut().find(|table| table.name == "message").unwrap();
    table.name = "größe".into();
    assert!(file(&definition, "mod.rs").contains("#[path = \"größe_table.rs\"]\npub mod größe_table;"));
}

#[test]
fn two_things_with_one_name_are_refused() {
    let refusal = |change: &dyn Fn(&mut Definition), word: &str| {
        let mut definition = chat();
        change(&mut definition);
        let refusal = files(&definition).unwrap_err().to_string();
        assert!(refusal.contains(word) && refusal.contains("hint:"), "{refusal}");
    };
    refusal(
        &|definition| {
            add_column(definition, "aName", Type::U8);
            add_column(definition, "a_name", Type::U8);
        },
        "called a_name in Rust",
    );
    for name in ["Reducer", "Option", "UserTableHandle", "User"] {
        refusal(
            &|definition| {
                let fields = vec![field("x", Type::U8)];
                add_column(definition, "x", Type::Product(Product { name: Some(name.into()), fields }));
            },
            &format!("called {name} in Rust"),
        );
    }
    refusal(
        &|definition| {
            let clients = definition.reducers.iter_mut().filter(|reducer| reducer.lifecycle.is_none());
            for (reducer, name) in clients.zip(["do_it", "doIt"]) {
                reducer.name = name.into();
            }
        },
        "called do_it in Rust",
    );
}
