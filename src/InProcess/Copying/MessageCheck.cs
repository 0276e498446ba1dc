using System.Collections;
using System.Reflection;
using Orleans.Serialization;

namespace Orleans.InProcess.Copying;

/// <summary>Looks through a message for what the compiler makes of a collection expression with a read-only target: Orleans has no codec for these types (dotnet/orleans#8934).</summary>
/// <remarks>In one process such a list travels well, so nobody would notice before the cluster does. The switch is for test projects: the look costs more than the call.</remarks>
internal static class MessageCheck
{
    /// <summary>Set as a runtime host configuration option; default false.</summary>
    public const string Switch = "Orleans.InProcess.CheckMessages";

    private const int MaxDepth = 8;
    private const int MaxElements = 100;

    public static readonly bool IsOn = AppContext.TryGetSwitch(Switch, out var on) && on;

    /// <exception cref="CodecNotFoundException">It holds such a list.</exception>
    public static void Visit(object? value, string where) => Visit(value, where, 0);

    public static bool IsCompilerMade(Type type) => type.Name.StartsWith("<>z__", StringComparison.Ordinal);

    private static void Visit(object? value, string where, int depth)
    {
        if (value is null or string or byte[] || depth > MaxDepth || value.GetType().IsPrimitive)
            return;
        var type = value.GetType();
        if (IsCompilerMade(type))
            throw new CodecNotFoundException($"{where} is a {type.Name}, which the compiler made of a collection expression; Orleans cannot serialize it. Pass an array or a List: write x.ToArray() for [.. x].");
        if (value is IEnumerable elements && (type.IsArray || type.Namespace?.StartsWith("System.Collections", StringComparison.Ordinal) == true))
        {
            foreach (var element in elements.Cast<object?>().Take(MaxElements))
                Visit(element, where, depth + 1);
        }
        else if (type.IsDefined(typeof(GenerateSerializerAttribute), false))
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
                Visit(field.GetValue(value), $"{where}: {type.Name}.{field.Name.Replace("k__BackingField", "", StringComparison.Ordinal)}", depth + 1);
        }
    }
}
