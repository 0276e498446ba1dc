// Declarations only, until the runtime lands; the runtime's own files replace this one: delete it then.
#pragma warning disable
namespace Orleans
{
    [AttributeUsage(AttributeTargets.All)] public sealed class GenerateSerializerAttribute : Attribute;
    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)] public sealed class AliasAttribute(string alias) : Attribute { public string Alias => alias; }
    [AttributeUsage(AttributeTargets.All)] public sealed class IdAttribute(uint id) : Attribute { public uint Id => id; }
    [AttributeUsage(AttributeTargets.All)] public sealed class ImmutableAttribute : Attribute;
    public interface IAddressable; 
    public interface IGrain : IAddressable;
    public interface IGrainWithStringKey : IGrain;
    public interface IGrainFactory { T GetGrain<T>(string key) where T : IGrainWithStringKey; }
    public abstract class Grain { protected IGrainFactory GrainFactory => null!; protected void DeactivateOnIdle() { } public virtual Task OnActivateAsync(CancellationToken c) => Task.CompletedTask; }
}
namespace Orleans.Concurrency
{
    [AttributeUsage(AttributeTargets.All)] public sealed class OneWayAttribute : Attribute;
    [AttributeUsage(AttributeTargets.All)] public sealed class AlwaysInterleaveAttribute : Attribute;
    [AttributeUsage(AttributeTargets.All)] public sealed class ReentrantAttribute : Attribute;
    [AttributeUsage(AttributeTargets.All)] public sealed class StatelessWorkerAttribute(int max = -1) : Attribute;
}
namespace Orleans.Runtime
{
    public static class RequestContext { public static object Get(string k) => null!; public static void Set(string k, object v) { } public static bool Remove(string k) => true; }
    public interface IPersistentState<T> { T State { get; set; } bool RecordExists { get; } string Etag { get; } Task WriteStateAsync(CancellationToken c = default); Task ReadStateAsync(CancellationToken c = default); Task ClearStateAsync(CancellationToken c = default); }
    [AttributeUsage(AttributeTargets.Parameter)] public sealed class PersistentStateAttribute(string name, string storage) : Attribute;
}
