using Npgsql;
using NpgsqlTypes;
using Sophia.Tenants;

namespace Sophia.Postgres;

/// <summary>Statements of one tenant that travel together. In each, <c>$1</c> is the tenant.</summary>
internal sealed class TenantStatements(NpgsqlBatch batch, TenantId tenant)
{
    /// <summary>Adds a statement; its further parameters follow in order, from <c>$2</c>.</summary>
    public TenantStatement Add(string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        batch.BatchCommands.Add(command);
        return new TenantStatement(command).Text(tenant.Value);
    }
}

/// <summary>One statement that takes its parameters.</summary>
internal sealed class TenantStatement(NpgsqlBatchCommand command)
{
    public TenantStatement Text(string? value) => Add(value, NpgsqlDbType.Text);

    public TenantStatement Int(long value) => Add(value, NpgsqlDbType.Bigint);

    public TenantStatement Int(long? value) => Add(value, NpgsqlDbType.Bigint);

    public TenantStatement Real(double value) => Add(value, NpgsqlDbType.Double);

    public TenantStatement Time(DateTimeOffset? value) => Add(value?.ToUniversalTime(), NpgsqlDbType.TimestampTz);

    public TenantStatement Bytes(byte[]? value) => Add(value, NpgsqlDbType.Bytea);

    public TenantStatement Bytes(ReadOnlyMemory<byte> value) => Add(value, NpgsqlDbType.Bytea);

    public TenantStatement Ints(long[] values) => Add(values, NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public TenantStatement Shorts(short[] values) => Add(values, NpgsqlDbType.Array | NpgsqlDbType.Smallint);

    public TenantStatement Texts(string[] values) => Add(values, NpgsqlDbType.Array | NpgsqlDbType.Text);

    public TenantStatement Times(DateTimeOffset[] values) => Add(Array.ConvertAll(values, static value => value.ToUniversalTime()), NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public TenantStatement Blobs(ReadOnlyMemory<byte>[] values) => Add(values, NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    /// <summary>A column of values that may be null: whole numbers, reals, texts or bytes.</summary>
    public TenantStatement Column(Array values) => values switch
    {
        long?[] ints => Add(ints, NpgsqlDbType.Array | NpgsqlDbType.Bigint),
        double?[] reals => Add(reals, NpgsqlDbType.Array | NpgsqlDbType.Double),
        string?[] texts => Add(texts, NpgsqlDbType.Array | NpgsqlDbType.Text),
        byte[]?[] blobs => Add(blobs, NpgsqlDbType.Array | NpgsqlDbType.Bytea),
        _ => throw new ArgumentException($"A column of {values.GetType().Name} is not known."),
    };

    /// <summary>A list that a filter may leave out.</summary>
    public TenantStatement AnyText(string[]? values) => Add(values, NpgsqlDbType.Array | NpgsqlDbType.Text);

    /// <inheritdoc cref="AnyText"/>
    public TenantStatement AnyBlob(byte[][]? values) => Add(values, NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    private TenantStatement Add<T>(T value, NpgsqlDbType type)
    {
        command.Parameters.Add(value is null
            ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = type }
            : new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return this;
    }
}
