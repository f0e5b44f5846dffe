using SpacetimeDB;

public static partial class Module
{
    /// Rows of this table are rows of a Postgres table, which clients may read.
    [SpacetimeDB.Table(Accessor = "Person", Public = true)]
    public partial struct Person
    {
        [PrimaryKey]
        [AutoInc]
        public ulong Id;
        public string Name;
    }

    /// A reducer is a transaction: an exception undoes all that it has done.
    [SpacetimeDB.Reducer]
    public static void Add(ReducerContext ctx, string name)
    {
        if (string.IsNullOrWhiteSpace(name)) throw new Exception("a name must not be empty");
        ctx.Db.Person.Insert(new Person { Id = 0, Name = name });
    }
}
