using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans.Serialization.Invocation
{
    /// <summary>A call as filters see it.</summary>
    public interface IInvokable
    {
        /// <summary>How many arguments it has.</summary>
        int GetArgumentCount();

        /// <summary>An argument.</summary>
        object? GetArgument(int index);

        /// <summary>Replaces an argument.</summary>
        void SetArgument(int index, object value);

        /// <summary>The method's name.</summary>
        string GetMethodName();

        /// <summary>The interface's full name.</summary>
        string GetInterfaceName();

        /// <summary>The interface's method.</summary>
        MethodInfo GetMethod();

        /// <summary>The interface.</summary>
        Type GetInterfaceType();
    }
}

namespace Orleans
{
    /// <summary>A call on its way.</summary>
    public interface IGrainCallContext
    {
        /// <summary>Method and arguments.</summary>
        IInvokable Request { get; }

        /// <summary>The grain instance (incoming) or the reference (outgoing).</summary>
        object Grain { get; }

        /// <summary>The calling grain; null when the caller is none.</summary>
        GrainId? SourceId { get; }

        /// <summary>The grain that is called.</summary>
        GrainId TargetId { get; }

        /// <summary>The interface as the runtime names it.</summary>
        GrainInterfaceType InterfaceType { get; }

        /// <summary>The interface's full name.</summary>
        string InterfaceName { get; }

        /// <summary>The method's name.</summary>
        string MethodName { get; }

        /// <summary>The interface's method.</summary>
        MethodInfo InterfaceMethod { get; }

        /// <summary>The result once <see cref="Invoke"/> has ended; a filter may replace it.</summary>
        object? Result { get; set; }

        /// <summary>Goes on to the next filter and at last to the grain; throws what it throws.</summary>
        Task Invoke();
    }

    /// <summary>A call that has arrived.</summary>
    public interface IIncomingGrainCallContext : IGrainCallContext
    {
        /// <summary>The activation that is called.</summary>
        IGrainContext TargetContext { get; }

        /// <summary>The class's method.</summary>
        MethodInfo ImplementationMethod { get; }
    }

    /// <summary>A call that is about to leave.</summary>
    public interface IOutgoingGrainCallContext : IGrainCallContext
    {
        /// <summary>The calling activation; null when the caller is none.</summary>
        IGrainContext? SourceContext { get; }
    }

    /// <summary>Stands around every arriving call of the silo, or of one grain class that implements it.</summary>
    public interface IIncomingGrainCallFilter
    {
        /// <summary>Must call <see cref="IGrainCallContext.Invoke"/>, or throw, or set a result.</summary>
        Task Invoke(IIncomingGrainCallContext context);
    }

    /// <summary>Stands around every leaving call.</summary>
    public interface IOutgoingGrainCallFilter
    {
        /// <summary>Must call <see cref="IGrainCallContext.Invoke"/>, or throw, or set a result.</summary>
        Task Invoke(IOutgoingGrainCallContext context);
    }

    /// <summary>A filter as a delegate.</summary>
    public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);

    /// <summary>A filter as a delegate.</summary>
    public delegate Task OutgoingGrainCallFilterDelegate(IOutgoingGrainCallContext context);
}
