using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sophia.Operations;

/// <summary>Enumerations as camelCase words; numbers are not taken for them.</summary>
/// <remarks>A value that this program does not know comes from a silo of the next release: it is written as <see cref="Unknown"/>, so that the rest of the answer reaches its caller.</remarks>
internal sealed class EnumWords : JsonConverterFactory
{
    public const string Unknown = "unknown";

    private static readonly JsonStringEnumConverter Words = new(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(EnumWord<>).MakeGenericType(typeToConvert), Words.CreateConverter(typeToConvert, options))!;
}

internal sealed class EnumWord<T>(JsonConverter<T> words) : JsonConverter<T> where T : struct, Enum
{
    private static readonly bool IsSet = typeof(T).IsDefined(typeof(FlagsAttribute), inherit: false);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => words.Read(ref reader, typeToConvert, options);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (IsKnown(value))
            words.Write(writer, value, options);
        else
            writer.WriteStringValue(EnumWords.Unknown);
    }

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => words.ReadAsPropertyName(ref reader, typeToConvert, options);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        if (IsKnown(value))
            words.WriteAsPropertyName(writer, value, options);
        else
            writer.WritePropertyName(EnumWords.Unknown);
    }

    private static bool IsKnown(T value) => IsSet || Enum.IsDefined(value);
}
