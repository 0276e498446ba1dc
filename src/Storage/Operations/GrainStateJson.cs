using System.Text.Json;
using System.Text.Json.Serialization;
using Sophia.Log;
using Sophia.Tenants;

namespace Sophia.Operations;

/// <summary>Grain state as JSON, the same in both runtimes. Members that a reader does not know are skipped, absent ones keep their defaults.</summary>
internal static class GrainStateJson
{
    /// <summary>The format that is written.</summary>
    public const int Format = 1;

    private static readonly JsonSerializerOptions Options = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new TenantIdConverter() },
    };

    public static byte[] Write<T>(T state) => JsonSerializer.SerializeToUtf8Bytes(state, Options);

    /// <exception cref="StorageException">NewerFormat, or Corrupt where the bytes are no such state.</exception>
    public static T? Read<T>(int format, ReadOnlySpan<byte> bytes)
    {
        if (format > Format)
            throw new StorageException(StorageFault.NewerFormat, $"A state of {typeof(T).Name} has format {format}; this Sophia knows formats up to {Format}.");
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, Options);
        }
        catch (JsonException failure)
        {
            throw new StorageException(StorageFault.Corrupt, $"A stored state cannot be read as {typeof(T).Name}: {failure.Message}", failure);
        }
    }

    private sealed class TenantIdConverter : JsonConverter<TenantId>
    {
        public override TenantId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            TenantId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("not a tenant's name");

        public override void Write(Utf8JsonWriter writer, TenantId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);

        public override TenantId ReadAsPropertyName(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => Read(ref reader, type, options);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, TenantId value, JsonSerializerOptions options) => writer.WritePropertyName(value.Value);
    }
}
