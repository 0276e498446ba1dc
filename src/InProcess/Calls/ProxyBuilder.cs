using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.InProcess
{
    /// <summary>Makes the class behind a grain interface: each method packs its arguments and calls <see cref="GrainProxy"/>.</summary>
    internal static class ProxyBuilder
    {
        private static readonly Type[] ConstructorParameters = [typeof(Silo), typeof(GrainId), typeof(InterfaceEntry)];

        private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

        public static Func<Silo, GrainId, InterfaceEntry, GrainProxy> Build(InterfaceEntry entry)
        {
            var assembly = AssemblyBuilder.DefineDynamicAssembly(new($"Proxy.{entry.Name}"), AssemblyBuilderAccess.Run);
            foreach (var name in VisibleAssemblies(entry))
                assembly.SetCustomAttribute(new(typeof(IgnoresAccessChecksToAttribute).GetConstructor([typeof(string)])!, [name]));
            var type = assembly.DefineDynamicModule("Proxy")
                .DefineType($"{entry.Name}Proxy", TypeAttributes.Sealed | TypeAttributes.NotPublic, typeof(GrainProxy));
            EmitConstructor(type);
            foreach (var contract in entry.Type.GetInterfaces().Append(entry.Type))
                type.AddInterfaceImplementation(contract);
            for (var i = 0; i < entry.Methods.Count; i++)
                EmitMethod(type, entry.Methods[i], i);
            return CompileConstructor(type.CreateType());
        }

        private static IEnumerable<string> VisibleAssemblies(InterfaceEntry entry) => entry.Methods
            .SelectMany(method => method.Method.GetParameters().Select(p => p.ParameterType)
                .Append(method.Method.ReturnType).Append(method.Method.DeclaringType!))
            .SelectMany(type => type.IsGenericType ? type.GetGenericArguments().Append(type) : [type])
            .Append(entry.Type).Append(typeof(GrainProxy))
            .Select(type => type.Assembly.GetName().Name!)
            .Distinct();

        private static void EmitConstructor(TypeBuilder type)
        {
            var il = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, ConstructorParameters).GetILGenerator();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Ldarg_3);
            il.Emit(OpCodes.Call, typeof(GrainProxy).GetConstructor(Instance, ConstructorParameters)!);
            il.Emit(OpCodes.Ret);
        }

        private static void EmitMethod(TypeBuilder type, MethodEntry entry, int index)
        {
            Type[] parameters = [.. entry.Method.GetParameters().Select(p => p.ParameterType)];
            var method = type.DefineMethod($"{entry.Method.DeclaringType!.FullName}.{entry.Method.Name}",
                MethodAttributes.Private | MethodAttributes.Final | MethodAttributes.Virtual | MethodAttributes.HideBySig
                | MethodAttributes.NewSlot, entry.Method.ReturnType, parameters);
            var il = method.GetILGenerator();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldc_I4, index);
            EmitArguments(il, parameters);
            il.Emit(OpCodes.Call, Target(entry));
            il.Emit(OpCodes.Ret);
            type.DefineMethodOverride(method, entry.Method);
        }

        private static void EmitArguments(ILGenerator il, Type[] parameters)
        {
            if (parameters.Length == 0)
            {
                il.Emit(OpCodes.Call, typeof(Array).GetMethod(nameof(Array.Empty))!.MakeGenericMethod(typeof(object)));
                return;
            }
            il.Emit(OpCodes.Ldc_I4, parameters.Length);
            il.Emit(OpCodes.Newarr, typeof(object));
            for (var i = 0; i < parameters.Length; i++)
            {
                il.Emit(OpCodes.Dup);
                il.Emit(OpCodes.Ldc_I4, i);
                il.Emit(OpCodes.Ldarg, i + 1);
                if (parameters[i].IsValueType)
                    il.Emit(OpCodes.Box, parameters[i]);
                il.Emit(OpCodes.Stelem_Ref);
            }
        }

        private static MethodInfo Target(MethodEntry entry)
        {
            var name = entry.Shape switch
            {
                ResultShape.Task => nameof(GrainProxy.CallTask),
                ResultShape.TaskOf => nameof(GrainProxy.CallTaskOf),
                ResultShape.ValueTask => nameof(GrainProxy.CallValueTask),
                ResultShape.ValueTaskOf => nameof(GrainProxy.CallValueTaskOf),
                ResultShape.Void => nameof(GrainProxy.CallVoid),
                _ => nameof(GrainProxy.CallEnumerable),
            };
            var method = typeof(GrainProxy).GetMethod(name, Instance)!;
            return entry.ResultType is { } result ? method.MakeGenericMethod(result) : method;
        }

        private static Func<Silo, GrainId, InterfaceEntry, GrainProxy> CompileConstructor(Type type)
        {
            var method = new DynamicMethod("New", typeof(GrainProxy), ConstructorParameters, typeof(ProxyBuilder).Module, true);
            var il = method.GetILGenerator();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Newobj, type.GetConstructor(ConstructorParameters)!);
            il.Emit(OpCodes.Ret);
            return method.CreateDelegate<Func<Silo, GrainId, InterfaceEntry, GrainProxy>>();
        }
    }
}

namespace System.Runtime.CompilerServices
{
    /// <summary>Lets a generated assembly see the internal types of another; the runtime knows this attribute by its name.</summary>
    [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
    internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
    {
        public string AssemblyName { get; } = assemblyName;
    }
}
