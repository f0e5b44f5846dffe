//! Definitions of any generation as version 9. What version 9 cannot say is left out: visibility, event tables, HTTP
//! routes and names that differ between source and clients.

use serde_json::{Number, Value, json};
use spacetime_definition::{
    Definition, Field, Index, IndexAlgorithm, Lifecycle, Product, Sequence, Table, Type, View,
};

use crate::http::algebraic_type::{References, option};

pub(super) fn version_9(definition: &Definition) -> Value {
    let positions = definition.types.iter().enumerate().map(|(position, ty)| (ty.name.as_str(), position));
    let references = References { positions: positions.collect() };
    let mut typespace: Vec<Value> =
        definition.types.iter().map(|named| references.definition(&named.ty)).collect();
    let tables: Vec<Value> =
        definition.tables.iter().map(|table| self::table(table, &references, &mut typespace)).collect();
    let types = definition.types.iter().enumerate().map(|(position, named)| {
        let mut scope: Vec<&str> = named.name.split('.').collect();
        let name = scope.pop();
        json!({"name": {"scope": scope, "name": name}, "ty": position, "custom_ordering": true})
    });
    let reducers = definition.reducers.iter().map(|reducer| {
        let lifecycle = reducer.lifecycle.map(|lifecycle| match lifecycle {
            Lifecycle::Init => json!({"Init": []}),
            Lifecycle::ClientConnected => json!({"OnConnect": []}),
            Lifecycle::ClientDisconnected => json!({"OnDisconnect": []}),
        });
        let params = references.product_type(&reducer.params);
        json!({"name": reducer.name, "params": params, "lifecycle": option(lifecycle)})
    });
    let rules = definition.row_level_security.iter().map(|sql| json!({"sql": sql}));
    json!({
        "tables": tables,
        "reducers": reducers.collect::<Vec<_>>(),
        "types": types.collect::<Vec<_>>(),
        "misc_exports": misc_exports(definition, &references),
        "row_level_security": rules.collect::<Vec<_>>(),
        "typespace": {"types": typespace},
    })
}

fn table(table: &Table, references: &References<'_>, typespace: &mut Vec<Value>) -> Value {
    let named = table.row_type_name.as_deref().and_then(|name| references.positions.get(name)).copied();
    let row_type = named.unwrap_or_else(|| {
        let product = Product { name: None, fields: table.row_type().fields };
        typespace.push(references.definition(&Type::Product(product)));
        typespace.len() - 1
    });
    let schedule = table.schedule.as_ref().map(|schedule| {
        json!({
            "name": option(Some(schedule.name.as_str())),
            "reducer_name": schedule.function,
            "scheduled_at_column": schedule.at_column,
        })
    });
    let constraints = table.unique_constraints.iter().map(|constraint| {
        json!({
            "name": option(Some(constraint.name.as_str())),
            "data": {"Unique": {"columns": constraint.columns}},
        })
    });
    json!({
        "name": table.name,
        "product_type_ref": row_type,
        "primary_key": table.primary_key.iter().collect::<Vec<_>>(),
        "indexes": table.indexes.iter().map(index).collect::<Vec<_>>(),
        "constraints": constraints.collect::<Vec<_>>(),
        "sequences": table.sequences.iter().map(sequence).collect::<Vec<_>>(),
        "schedule": option(schedule),
        "table_type": {"User": []},
        "table_access": if table.is_public { json!({"Public": []}) } else { json!({"Private": []}) },
    })
}

fn index(index: &Index) -> Value {
    let algorithm = match index.algorithm {
        IndexAlgorithm::BTree => json!({"BTree": index.columns}),
        IndexAlgorithm::Hash => json!({"Hash": index.columns}),
        IndexAlgorithm::Direct => json!({"Direct": index.columns.first()}),
    };
    json!({
        "name": option(Some(index.name.as_str())),
        "accessor_name": option(index.accessor.as_deref()),
        "algorithm": algorithm,
    })
}

fn sequence(sequence: &Sequence) -> Value {
    json!({
        "name": option(Some(sequence.name.as_str())),
        "column": sequence.column,
        "start": option(sequence.start.and_then(number)),
        "min_value": option(sequence.min_value.and_then(number)),
        "max_value": option(sequence.max_value.and_then(number)),
        "increment": number(sequence.increment),
    })
}

fn number(value: i128) -> Option<Value> {
    Number::from_i128(value).map(Value::Number)
}

fn misc_exports(definition: &Definition, references: &References<'_>) -> Vec<Value> {
    let defaults = definition.tables.iter().flat_map(|table| {
        table.columns.iter().enumerate().filter_map(move |(position, column)| {
            let value = hex::encode(column.default.as_ref()?);
            Some(json!({"ColumnDefaultValue": {"table": table.name, "col_id": position, "value": value}}))
        })
    });
    let procedures = definition.procedures.iter().map(|procedure| {
        let return_type = references.algebraic_type(&procedure.return_type);
        json!({"Procedure": function(&procedure.name, &procedure.params, return_type, references)})
    });
    let views = definition.views.iter().map(|view| view_export(view, references));
    defaults.chain(procedures).chain(views).collect()
}

fn view_export(view: &View, references: &References<'_>) -> Value {
    let return_type = references.algebraic_type(&view.return_type);
    let mut export = function(&view.name, &view.params, return_type, references);
    export["index"] = json!(view.index);
    export["is_public"] = json!(view.is_public);
    export["is_anonymous"] = json!(view.is_anonymous);
    json!({"View": export})
}

fn function(name: &str, params: &[Field], return_type: Value, references: &References<'_>) -> Value {
    json!({"name": name, "params": references.product_type(params), "return_type": return_type})
}
