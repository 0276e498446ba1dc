using Orleans.Runtime;

namespace Orleans.Core
{
    /// <summary>A stored value: when it was read or written last is told by its ETag.</summary>
    public interface IStorage
    {
        /// <summary>The version of what was read or written last; null if nothing is stored.</summary>
        string? Etag { get; }

        /// <summary>Whether something is stored.</summary>
        bool RecordExists { get; }

        /// <summary>Deletes what is stored and resets the state.</summary>
        Task ClearStateAsync();

        /// <summary>Stores the state. Throws <see cref="Storage.InconsistentStateException"/> if someone else stored since the last read.</summary>
        Task WriteStateAsync();

        /// <summary>Reads the state again, losing changes that were not written.</summary>
        Task ReadStateAsync();

        /// <summary>Deletes what is stored and resets the state.</summary>
        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

        /// <summary>Stores the state.</summary>
        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

        /// <summary>Reads the state again.</summary>
        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    /// <summary>A stored value of a type.</summary>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The value as the grain sees it; never null for types with a parameterless constructor.</summary>
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>A part of a grain's state, kept by a named storage and read before the grain activates.</summary>
    public interface IPersistentState<TState> : Core.IStorage<TState>;

    /// <summary>Names a state and the storage that keeps it.</summary>
    public interface IPersistentStateConfiguration
    {
        /// <summary>The state's name.</summary>
        string StateName { get; }

        /// <summary>The storage's name; null for the default one.</summary>
        string? StorageName { get; }
    }

    /// <summary>Marks a constructor parameter of type <see cref="IPersistentState{TState}"/>.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute : Attribute, IPersistentStateConfiguration
    {
        /// <summary>A state of this name in this storage; null for the default storage.</summary>
        public PersistentStateAttribute(string stateName, string? storageName = null)
        {
            ArgumentNullException.ThrowIfNull(stateName);
            StateName = stateName;
            StorageName = storageName;
        }

        /// <inheritdoc/>
        public string StateName { get; }

        /// <inheritdoc/>
        public string? StorageName { get; }
    }
}

namespace Orleans
{
    /// <summary>What a storage reads into and writes from.</summary>
    public interface IGrainState<T>
    {
        /// <summary>The value.</summary>
        T? State { get; set; }

        /// <summary>Its version; null if nothing is stored.</summary>
        string? ETag { get; set; }

        /// <summary>Whether something is stored.</summary>
        bool RecordExists { get; set; }
    }

    /// <summary>What a storage reads into and writes from.</summary>
    [GenerateSerializer]
    public sealed class GrainState<T> : IGrainState<T>
    {
        /// <summary>Empty.</summary>
        public GrainState() { }

        /// <summary>With a value.</summary>
        public GrainState(T? state) : this(state, null) { }

        /// <summary>With a value and its version.</summary>
        public GrainState(T? state, string? eTag)
        {
            State = state;
            ETag = eTag;
        }

        /// <inheritdoc/>
        [Id(0)]
        public T? State { get; set; }

        /// <inheritdoc/>
        [Id(1)]
        public string? ETag { get; set; }

        /// <inheritdoc/>
        [Id(2)]
        public bool RecordExists { get; set; }
    }
}

namespace Orleans.Storage
{
    /// <summary>Keeps grain state. What it stores and returns never aliases what the grain holds.</summary>
    public interface IGrainStorage
    {
        /// <summary>Reads into <paramref name="grainState"/>: state (a new one where nothing is stored, never null), ETag and whether a record exists.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Reads into <paramref name="grainState"/>.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
            => ReadStateAsync(stateName, grainId, grainState);

        /// <summary>Stores if the ETag is still the stored one, else throws <see cref="InconsistentStateException"/>; sets the new ETag.</summary>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Stores if the ETag is still the stored one.</summary>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
            => WriteStateAsync(stateName, grainId, grainState);

        /// <summary>Deletes if the ETag is still the stored one, else throws <see cref="InconsistentStateException"/>; puts a new state in its place.</summary>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Deletes if the ETag is still the stored one.</summary>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
            => ClearStateAsync(stateName, grainId, grainState);
    }

    /// <summary>Someone else stored since this activation last read; the activation that met it is deactivated.</summary>
    public class InconsistentStateException : OrleansException
    {
        /// <summary>With a general text.</summary>
        public InconsistentStateException() { }

        /// <summary>With a text.</summary>
        public InconsistentStateException(string message) : base(message) { }

        /// <summary>With a text and its cause.</summary>
        public InconsistentStateException(string message, Exception? innerException) : base(message, innerException!) { }

        /// <summary>With a text and both ETags.</summary>
        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
            : this(errorMsg, storedEtag, currentEtag, null) { }

        /// <summary>With a text, both ETags and the cause.</summary>
        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag, Exception? storageException)
            : base(errorMsg, storageException!)
        {
            StoredEtag = storedEtag;
            CurrentEtag = currentEtag;
        }

        /// <summary>The version in the storage.</summary>
        public string? StoredEtag { get; }

        /// <summary>The version that the grain held.</summary>
        public string? CurrentEtag { get; }

        // Only the activation that wrote is out of step; a caller that sees the exception pass by is not.
        internal bool IsSourceActivation { get; set; } = true;

        /// <inheritdoc/>
        public override string ToString() =>
            $"InconsistentStateException: {Message} Expected Etag={StoredEtag} Received Etag={CurrentEtag} {InnerException}";
    }
}
