#[path = "bindings/chat/mod.rs"] mod chat;
#[path = "bindings/events/mod.rs"] mod events;
#[path = "bindings/names/mod.rs"] mod names;
#[path = "bindings/procedures/mod.rs"] mod procedures;
#[path = "bindings/views/mod.rs"] mod views;
#[path = "bindings/everytype/mod.rs"] mod everytype;
#[path = "bindings/table_matrix/mod.rs"] mod table_matrix;
#[path = "bindings/subscriptions/mod.rs"] mod subscriptions;
#[path = "bindings/sdk_2_14/mod.rs"] mod sdk_2_14;
fn main() {}
