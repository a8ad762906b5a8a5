"""Parameters of estimators inside an estimator, such as `layers__learning_rate`."""


class NestedParams:
    """`set_params` that says what is wrong where there is no estimator inside.

    A subclass has `_template(name)`, what it takes where a parameter is None.
    """

    def set_params(self, **params):
        """Set parameters, also those of an estimator inside.

        Parameters
        ----------
        **params : dict
            By their names; those of an estimator inside by its name, two underscores
            and theirs.

        Returns
        -------
        self
        """
        for key in params:
            name, nested, _ = key.partition("__")
            if nested and name in self._get_param_names():
                inside = params.get(name, getattr(self, name))
                if not hasattr(inside, "set_params"):
                    self._refuse(key, name, inside)
        return super().set_params(**params)

    def _refuse(self, key, name, inside):
        template = self._template(name) if inside is None else None
        if template is None:
            advice = f"Set {name} to an object that has been given this parameter."
        else:
            advice = f"Set {name}, too: {name}={template!r} is what None stands for."
        raise ValueError(
            f"{key} cannot be set, as {name}={inside!r} has no parameters. {advice}"
        )

    def _template(self, name):
        return None
