using System.Reflection;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>How a grain method gives its result back.</summary>
internal enum ResultShape
{
    Task,
    TaskOf,
    ValueTask,
    ValueTaskOf,
    Void,
    Enumerable,
}

/// <summary>One method of a grain interface: all that reflection tells about it, asked once.</summary>
internal sealed class MethodEntry
{
    private readonly Lazy<Func<object, object?[], object?>> _invoke;
    private readonly bool[] _copied;
    private readonly Type[] _parameterTypes;

    public MethodEntry(MethodInfo method, Type interfaceType, string interfaceAlias, Serialization.DeepCopier copier)
    {
        Method = method;
        InterfaceType = interfaceType;
        InterfaceId = GrainInterfaceType.Create(interfaceAlias);
        InterfaceName = interfaceType.FullName ?? interfaceType.Name;
        Subject = $"{interfaceType.Name}.{method.Name}";
        (Shape, ResultType) = ShapeOf(method);
        AlwaysInterleaves = method.IsDefined(typeof(AlwaysInterleaveAttribute), true) || Shape == ResultShape.Enumerable;
        IsReadOnly = method.IsDefined(typeof(ReadOnlyAttribute), true);
        IsOneWay = Shape == ResultShape.Void || method.IsDefined(typeof(OneWayAttribute), true);
        Timeout = method.GetCustomAttribute<ResponseTimeoutAttribute>(true)?.Timeout;
        var parameters = method.GetParameters();
        CancellationIndex = Array.FindLastIndex(parameters, p => p.ParameterType == typeof(CancellationToken));
        _parameterTypes = [.. parameters.Select(p => p.ParameterType)];
        _copied = [.. parameters.Select(p => !p.IsDefined(typeof(ImmutableAttribute), true)
            && p.ParameterType != typeof(CancellationToken) && !copier.IsShared(p.ParameterType))];
        CopiesResult = ResultType is { } result && !copier.IsShared(result)
            && !method.ReturnParameter.IsDefined(typeof(ImmutableAttribute), true);
        _invoke = new(() => InvokerBuilder.Build(this));
    }

    public MethodInfo Method { get; }

    public Type InterfaceType { get; }

    public GrainInterfaceType InterfaceId { get; }

    public string InterfaceName { get; }

    /// <summary>"IInterface.Method", for texts.</summary>
    public string Subject { get; }

    public ResultShape Shape { get; }

    /// <summary>The type of the result, or of an enumeration's elements; null if there is none.</summary>
    public Type? ResultType { get; }

    public bool AlwaysInterleaves { get; }

    public bool IsReadOnly { get; }

    public bool IsOneWay { get; }

    /// <summary>In place of the configured response timeout; null for that one.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Which parameter is the cancellation token; -1 if none.</summary>
    public int CancellationIndex { get; }

    public bool CopiesResult { get; }

    /// <summary>Calls the method: null for void, an enumerable for an enumeration, else the task.</summary>
    public object? Invoke(object target, object?[] arguments) => _invoke.Value(target, arguments);

    /// <summary>Replaces each argument that could be changed later by a copy.</summary>
    public void CopyArguments(object?[] arguments, Serialization.DeepCopier copier)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (_copied[i])
                arguments[i] = copier.CopyObject(arguments[i], _parameterTypes[i]);
        }
    }

    private static (ResultShape, Type?) ShapeOf(MethodInfo method)
    {
        var type = method.ReturnType;
        if (method.IsGenericMethodDefinition)
            throw new NotSupportedException($"Generic grain methods are not supported: {method.DeclaringType}.{method.Name}.");
        if (type == typeof(Task))
            return (ResultShape.Task, null);
        if (type == typeof(ValueTask))
            return (ResultShape.ValueTask, null);
        if (type == typeof(void))
            return (ResultShape.Void, null);
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        var shape = definition == typeof(Task<>) ? ResultShape.TaskOf
            : definition == typeof(ValueTask<>) ? ResultShape.ValueTaskOf
            : definition == typeof(IAsyncEnumerable<>) ? ResultShape.Enumerable
            : throw new NotSupportedException($"{method.DeclaringType}.{method.Name} must return Task, Task<T>, ValueTask, ValueTask<T>, "
                + $"IAsyncEnumerable<T> or, on observers, void; it returns {type}.");
        return (shape, type.GetGenericArguments()[0]);
    }
}
