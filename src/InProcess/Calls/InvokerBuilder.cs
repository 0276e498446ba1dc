using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.InProcess;

/// <summary>Compiles "call this interface method with these boxed arguments" once per method.</summary>
internal static class InvokerBuilder
{
    private static readonly MethodInfo AsTask = typeof(ValueTask).GetMethod(nameof(ValueTask.AsTask))!;

    public static Func<object, object?[], object?> Build(MethodEntry entry)
    {
        var method = new DynamicMethod(entry.Subject, typeof(object), [typeof(object), typeof(object[])], typeof(InvokerBuilder).Module,
            skipVisibility: true);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Castclass, entry.Method.DeclaringType!);
        var parameters = entry.Method.GetParameters();
        for (var i = 0; i < parameters.Length; i++)
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldelem_Ref);
            il.Emit(OpCodes.Unbox_Any, parameters[i].ParameterType);
        }
        il.Emit(OpCodes.Callvirt, entry.Method);
        EmitResult(il, entry);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<object, object?[], object?>>();
    }

    private static void EmitResult(ILGenerator il, MethodEntry entry)
    {
        if (entry.Shape == ResultShape.Void)
            il.Emit(OpCodes.Ldnull);
        if (entry.Shape is not (ResultShape.ValueTask or ResultShape.ValueTaskOf))
            return;
        var type = entry.Method.ReturnType;
        var local = il.DeclareLocal(type);
        il.Emit(OpCodes.Stloc, local);
        il.Emit(OpCodes.Ldloca, local);
        il.Emit(OpCodes.Call, type == typeof(ValueTask) ? AsTask : type.GetMethod(nameof(ValueTask<int>.AsTask))!);
    }
}
