using Orleans.Concurrency;

namespace Orleans.Runtime
{
    /// <summary>What filters see of an enumeration: its steps are calls of this interface, and interleave.</summary>
    internal interface IAsyncEnumerableGrainExtension : IAddressable
    {
        [AlwaysInterleave]
        Task StartEnumeration();

        [AlwaysInterleave]
        Task MoveNext();

        [AlwaysInterleave]
        Task DisposeAsync();
    }
}

namespace Orleans.InProcess
{
    using Orleans.Runtime;

    internal static class EnumerationMessage
    {
        public const string Start = nameof(IAsyncEnumerableGrainExtension.StartEnumeration);
        public const string Next = nameof(IAsyncEnumerableGrainExtension.MoveNext);
        public const string Dispose = nameof(IAsyncEnumerableGrainExtension.DisposeAsync);

        public static MethodEntry Entry(Silo silo, string name) =>
            silo.References.Entry(typeof(IAsyncEnumerableGrainExtension)).Methods.First(method => method.Method.Name == name);
    }

    /// <summary>One step of an enumeration, run beside the grain's calls.</summary>
    internal sealed class EnumerationMessage<TResult>(Silo silo, GrainId target, MethodEntry method, Func<Enumerations, Task<TResult>> work)
        : Message<TResult>(silo, target, method, [])
    {
        public override Task InvokeTarget(Activation on) => work(Enumerations.Of(on));
    }
}
