using System.Collections.Immutable;
using System.Collections.ObjectModel;

namespace Orleans.Serialization;

/// <summary>Which copier serves which collection.</summary>
internal static class CollectionCopiers
{
    public static Type? Find(Type definition) =>
        definition == typeof(List<>) ? typeof(ListCopier<>)
        : definition == typeof(Dictionary<,>) ? typeof(DictionaryCopier<,>)
        : definition == typeof(HashSet<>) ? typeof(SetCopier<>)
        : definition == typeof(SortedDictionary<,>) ? typeof(SortedDictionaryCopier<,>)
        : definition == typeof(Queue<>) ? typeof(QueueCopier<>)
        : definition == typeof(ReadOnlyCollection<>) ? typeof(ReadOnlyCollectionCopier<>)
        : definition == typeof(ImmutableArray<>) ? typeof(ImmutableArrayCopier<>)
        : definition == typeof(ImmutableList<>) ? typeof(ImmutableListCopier<>)
        : definition == typeof(ImmutableDictionary<,>) ? typeof(ImmutableDictionaryCopier<,>)
        : IsCollectionExpression(definition) && definition.GetGenericArguments().Length == 1 ? typeof(CollectionExpressionCopier<>)
        : null;

    private static bool IsCollectionExpression(Type definition) => definition.Name.StartsWith("<>z__", StringComparison.Ordinal);
}

/// <summary>Copies what the compiler makes of a collection expression whose target is a read-only list. Nothing can change it, so only its elements are copied.</summary>
internal sealed class CollectionExpressionCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session)
    {
        if (_elements.IsShared)
            return value;
        var source = (IReadOnlyList<T>)value;
        var copy = new T[source.Count];
        session.Remember(source, copy);
        for (var i = 0; i < copy.Length; i++)
            copy[i] = _elements.Copy(source[i], session);
        return copy;
    }
}

internal sealed class ListCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session)
    {
        var source = (List<T>)value;
        if (_elements.IsShared)
            return new List<T>(source);
        var copy = new List<T>(source.Count);
        session.Remember(source, copy);
        foreach (var item in source)
            copy.Add(_elements.Copy(item, session));
        return copy;
    }
}

internal sealed class DictionaryCopier<TKey, TValue>(DeepCopier copier) : TypeCopier where TKey : notnull
{
    private readonly ElementCopier<TKey> _keys = new(copier);
    private readonly ElementCopier<TValue> _values = new(copier);

    public override object Copy(object value, CopySession session)
    {
        var source = (Dictionary<TKey, TValue>)value;
        var copy = new Dictionary<TKey, TValue>(source.Count, source.Comparer);
        session.Remember(source, copy);
        foreach (var (key, item) in source)
            copy.Add(_keys.Copy(key, session), _values.Copy(item, session));
        return copy;
    }
}

internal sealed class SetCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session)
    {
        var source = (HashSet<T>)value;
        var copy = new HashSet<T>(source.Count, source.Comparer);
        session.Remember(source, copy);
        foreach (var item in source)
            copy.Add(_elements.Copy(item, session));
        return copy;
    }
}

internal sealed class SortedDictionaryCopier<TKey, TValue>(DeepCopier copier) : TypeCopier where TKey : notnull
{
    private readonly ElementCopier<TKey> _keys = new(copier);
    private readonly ElementCopier<TValue> _values = new(copier);

    public override object Copy(object value, CopySession session)
    {
        var source = (SortedDictionary<TKey, TValue>)value;
        var copy = new SortedDictionary<TKey, TValue>(source.Comparer);
        session.Remember(source, copy);
        foreach (var (key, item) in source)
            copy.Add(_keys.Copy(key, session), _values.Copy(item, session));
        return copy;
    }
}

internal sealed class QueueCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session)
    {
        var copy = new Queue<T>();
        session.Remember(value, copy);
        foreach (var item in (Queue<T>)value)
            copy.Enqueue(_elements.Copy(item, session));
        return copy;
    }
}

internal sealed class ReadOnlyCollectionCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session) =>
        new ReadOnlyCollection<T>([.. ((ReadOnlyCollection<T>)value).Select(item => _elements.Copy(item, session))]);
}

internal sealed class ImmutableArrayCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session)
    {
        var source = (ImmutableArray<T>)value;
        return source.IsDefault ? source : source.Select(item => _elements.Copy(item, session)).ToImmutableArray();
    }
}

internal sealed class ImmutableListCopier<T>(DeepCopier copier) : TypeCopier
{
    private readonly ElementCopier<T> _elements = new(copier);

    public override object Copy(object value, CopySession session) =>
        ((ImmutableList<T>)value).Select(item => _elements.Copy(item, session)).ToImmutableList();
}

internal sealed class ImmutableDictionaryCopier<TKey, TValue>(DeepCopier copier) : TypeCopier where TKey : notnull
{
    private readonly ElementCopier<TKey> _keys = new(copier);
    private readonly ElementCopier<TValue> _values = new(copier);

    public override object Copy(object value, CopySession session)
    {
        var source = (ImmutableDictionary<TKey, TValue>)value;
        return source.ToImmutableDictionary(pair => _keys.Copy(pair.Key, session), pair => _values.Copy(pair.Value, session),
            source.KeyComparer);
    }
}
