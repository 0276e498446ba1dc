using Orleans.Runtime;

namespace Orleans.InProcess;

/// <summary>A reference that knows only whom it refers to.</summary>
internal sealed class UntypedReference(Silo silo, GrainId grainId) : GrainReference(silo, grainId)
{
    public override string InterfaceName => "";

    internal override GrainReference In(Silo silo) => new UntypedReference(silo, GrainId);
}

/// <summary>The base of the classes that <see cref="ProxyBuilder"/> makes: one per interface, each method a single call to one of these.</summary>
internal abstract class GrainProxy(Silo silo, GrainId grainId, InterfaceEntry entry) : GrainReference(silo, grainId)
{
    public override string InterfaceName => entry.Name;

    internal override GrainReference In(Silo silo) => (GrainReference)silo.References.Make(entry.Type, GrainId);

    public Task CallTask(int method, object?[] arguments) => Caller.Calls.Send<Nothing>(this, entry.Methods[method], arguments);

    public Task<T> CallTaskOf<T>(int method, object?[] arguments) => Caller.Calls.Send<T>(this, entry.Methods[method], arguments);

    public ValueTask CallValueTask(int method, object?[] arguments) => new(CallTask(method, arguments));

    public ValueTask<T> CallValueTaskOf<T>(int method, object?[] arguments) => new(CallTaskOf<T>(method, arguments));

    public void CallVoid(int method, object?[] arguments) => Caller.Calls.SendOneWay(this, entry.Methods[method], arguments);

    public IAsyncEnumerable<T> CallEnumerable<T>(int method, object?[] arguments) =>
        new RemoteEnumerable<T>(this, entry.Methods[method], arguments);
}

/// <summary>The result of a method that has none.</summary>
internal readonly struct Nothing;
