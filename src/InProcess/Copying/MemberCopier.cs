using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Copies tuples and pairs: every field.</summary>
internal sealed class FieldCopier(Type type, DeepCopier copier) : TypeCopier
{
    private readonly FieldInfo[] _fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    public override object Copy(object value, CopySession session)
    {
        var copy = RuntimeHelpers.GetUninitializedObject(value.GetType());
        foreach (var field in _fields)
            field.SetValue(copy, field.GetValue(value) is { } item ? copier.Copy(item, field.FieldType, session) : null);
        return copy;
    }
}

/// <summary>Copies a <see cref="GenerateSerializerAttribute"/> type: its members that have an <see cref="IdAttribute"/>, inherited ones
/// too, and what a record's primary constructor takes.</summary>
internal sealed class MemberCopier : TypeCopier
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly DeepCopier _copier;
    private readonly Func<object> _make;
    private readonly (FieldInfo Field, bool Shared)[] _members;

    public MemberCopier(Type type, DeepCopier copier)
    {
        _copier = copier;
        var constructor = type.GetConstructor(BindingFlags.Instance | BindingFlags.Public, []);
        _make = constructor is null
            ? () => RuntimeHelpers.GetUninitializedObject(type)
            : System.Linq.Expressions.Expression.Lambda<Func<object>>(
                System.Linq.Expressions.Expression.New(constructor)).Compile();
        _members = [.. Lineage(type).SelectMany(Members).Select(field => (field, copier.IsShared(field.FieldType)))];
    }

    public override object Copy(object value, CopySession session)
    {
        var copy = _make();
        if (!value.GetType().IsValueType)
            session.Remember(value, copy);
        foreach (var (field, shared) in _members)
        {
            var member = field.GetValue(value);
            field.SetValue(copy, shared || member is null ? member : _copier.Copy(member, field.FieldType, session));
        }
        return copy;
    }

    private static IEnumerable<Type> Lineage(Type type)
    {
        for (var current = type; current is not null && current != typeof(object); current = current.BaseType)
            yield return current;
    }

    private static IEnumerable<FieldInfo> Members(Type type)
    {
        var isRecord = type.GetMethod("<Clone>$") is not null;
        var primary = isRecord || type.GetCustomAttribute<GenerateSerializerAttribute>()?.IncludePrimaryConstructorParameters == true
            ? type.GetConstructors(Declared).Where(c => !IsCopyConstructor(c, type)).MaxBy(c => c.GetParameters().Length)
            : null;
        var primaryNames = primary?.GetParameters().Select(p => p.Name).ToHashSet() ?? [];
        foreach (var field in type.GetFields(Declared))
        {
            var property = BackedProperty(field);
            if (field.IsDefined(typeof(IdAttribute)) || property?.IsDefined(typeof(IdAttribute)) == true
                || (property is not null && primaryNames.Contains(property.Name)))
                yield return field;
        }
    }

    private static bool IsCopyConstructor(ConstructorInfo constructor, Type type) =>
        constructor.GetParameters() is [var only] && only.ParameterType == type;

    private static PropertyInfo? BackedProperty(FieldInfo field) => field.Name.StartsWith('<')
        ? field.DeclaringType!.GetProperty(field.Name[1..field.Name.IndexOf('>')], Declared)
        : null;
}
