namespace Orleans.Serialization;

/// <summary>Copies the values of one type.</summary>
internal abstract class TypeCopier
{
    public abstract object Copy(object value, CopySession session);

    /// <summary>The copier of a type; throws <see cref="CodecNotFoundException"/> if there is none.</summary>
    public static TypeCopier For(Type type, DeepCopier copier)
    {
        if (type.IsArray)
            return Make(typeof(ArrayCopier<>), type.GetElementType()!, copier);
        if (type.IsDefined(typeof(GenerateSerializerAttribute), false))
            return new MemberCopier(type, copier);
        if (type.IsGenericType)
        {
            var definition = type.GetGenericTypeDefinition();
            var arguments = type.GetGenericArguments();
            if (CollectionCopiers.Find(definition) is { } collection)
                return (TypeCopier)Activator.CreateInstance(collection.MakeGenericType(arguments), copier)!;
            if (type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal)
                || type.FullName.StartsWith("System.Tuple`", StringComparison.Ordinal)
                || definition == typeof(KeyValuePair<,>))
                return new FieldCopier(type, copier);
        }
        throw new CodecNotFoundException($"{type.FullName} cannot cross a grain boundary: it is neither immutable nor a known collection, "
            + $"and it has no [{nameof(GenerateSerializerAttribute)}]. Observers must be passed as references from "
            + $"{nameof(IGrainFactory)}.{nameof(IGrainFactory.CreateObjectReference)}.");
    }

    private static TypeCopier Make(Type definition, Type argument, DeepCopier copier) =>
        (TypeCopier)Activator.CreateInstance(definition.MakeGenericType(argument), copier)!;
}

/// <summary>Copies elements of one declared type.</summary>
internal readonly struct ElementCopier<T>(DeepCopier copier)
{
    private readonly bool _shared = copier.IsShared(typeof(T));

    public bool IsShared => _shared;

    public T Copy(T value, CopySession session) => _shared || value is null ? value : (T)copier.Copy(value, typeof(T), session);
}

internal sealed class ArrayCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session)
    {
        if (value is not T[] source)
            throw new CodecNotFoundException($"{value.GetType()} cannot cross a grain boundary: only arrays of one dimension can.");
        var copy = (T[])source.Clone();
        session.Remember(source, copy);
        if (_elements.IsShared)
            return copy;
        for (var i = 0; i < copy.Length; i++)
            copy[i] = _elements.Copy(copy[i], session);
        return copy;
    }
}
