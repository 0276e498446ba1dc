using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.InProcess;

/// <summary>Something that is read before a grain activates.</summary>
internal interface IStateLoader
{
    Task Load();
}

/// <summary>A constructor parameter that is a persistent state.</summary>
internal sealed class StateFacet(ParameterInfo parameter, PersistentStateAttribute attribute)
{
    private readonly Type _implementation = typeof(PersistentState<>).MakeGenericType(parameter.ParameterType.GetGenericArguments());

    public Type ParameterType => parameter.ParameterType;

    public static List<StateFacet> Of(Type grainClass) =>
    [
        .. grainClass.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            .Select(parameter => (parameter, attribute: parameter.GetCustomAttribute<PersistentStateAttribute>()))
            .Where(found => found.attribute is not null)
            .Select(found => new StateFacet(found.parameter, found.attribute!)),
    ];

    public IStateLoader Create(Activation activation)
    {
        var storage = string.IsNullOrWhiteSpace(attribute.StorageName)
            ? activation.ActivationServices.GetService<IGrainStorage>()
            : activation.ActivationServices.GetKeyedService<IGrainStorage>(attribute.StorageName);
        return storage is null
            ? throw new BadProviderConfigException(string.IsNullOrWhiteSpace(attribute.StorageName)
                ? $"No default storage provider found loading grain type {activation.GrainId.Type}."
                : $"No storage provider named \"{attribute.StorageName}\" found loading grain type {activation.GrainId.Type}.")
            : (IStateLoader)Activator.CreateInstance(_implementation, attribute.StateName, activation, storage)!;
    }
}

/// <summary>A grain's state and the storage behind it; one operation at a time, in the order in which they were asked.</summary>
internal sealed class PersistentState<TState>(string name, Activation activation, IGrainStorage storage) : IPersistentState<TState>, IStateLoader
{
    private readonly GrainState<TState> _state = new(Fresh());
    private Task _last = Task.CompletedTask;

    public TState State
    {
        get => _state.State!;
        set => _state.State = value;
    }

    public string? Etag => _state.ETag;

    public bool RecordExists => _state.RecordExists;

    public Task Load() => ReadStateAsync();

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public Task ReadStateAsync(CancellationToken cancellationToken) =>
        InTurn("ReadStateAsync", () => storage.ReadStateAsync(name, activation.GrainId, _state, cancellationToken), cancellationToken);

    public Task WriteStateAsync(CancellationToken cancellationToken) =>
        InTurn("WriteStateAsync", () => storage.WriteStateAsync(name, activation.GrainId, _state, cancellationToken), cancellationToken);

    public Task ClearStateAsync(CancellationToken cancellationToken) =>
        InTurn("ClearStateAsync", () => storage.ClearStateAsync(name, activation.GrainId, _state, cancellationToken), cancellationToken);

    private Task InTurn(string operation, Func<Task> work, CancellationToken cancellation)
    {
        if (RuntimeContext.Activation != activation)
            throw new InvalidOperationException($"State {name} of {activation.GrainId} was used outside of its grain's turns.");
        return _last = _last.IsCompleted ? Run(operation, work, cancellation) : After(_last, operation, work, cancellation);
    }

    private async Task After(Task before, string operation, Func<Task> work, CancellationToken cancellation)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await Run(operation, work, cancellation);
    }

    private async Task Run(string operation, Func<Task> work, CancellationToken cancellation)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure) when (failure is not OrleansException)
        {
            throw new OrleansException($"Error from storage provider {storage.GetType().Name}.{name} during {operation} for grain "
                + $"{activation.GrainId}: {failure.Message}", failure);
        }
    }

    private static TState? Fresh() => typeof(TState).IsValueType || typeof(TState).GetConstructor([]) is null
        ? default
        : Activator.CreateInstance<TState>();
}
