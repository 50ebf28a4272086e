//! The routes of the port form: rows that are numbered in the names of their fields, because plain forms have no lists.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{address_and_mask, optional_address, plain};
use crate::network::{
    issue::{Field, RouteField, RoutePart, Rule},
    spec::StaticRoute,
    validate::{MAX_ROUTES, routes_alone},
};

/// One row as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteRow {
    pub destination: String,
    pub mask: String,
    pub gateway: String,
}

/// [`MAX_ROUTES`] at most. In a form its fields are `route1_destination`, `route1_mask`, `route1_gateway`, `route2_…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteRows(pub Vec<RouteRow>);

const PARTS: [RoutePart; 3] = [RoutePart::Destination, RoutePart::Mask, RoutePart::Gateway];

/// The field's name in the form.
pub fn row_name(RouteField { row, part }: RouteField) -> String {
    format!("route{row}_{}", part.as_str())
}

impl RouteRow {
    fn of(route: &StaticRoute) -> Self {
        Self {
            destination: route.destination.addr().to_string(),
            mask: route.destination.netmask().to_string(),
            gateway: route.gateway.map(|gateway| gateway.to_string()).unwrap_or_default(),
        }
    }

    pub fn part(&self, part: RoutePart) -> &str {
        match part {
            RoutePart::Destination => &self.destination,
            RoutePart::Mask => &self.mask,
            RoutePart::Gateway => &self.gateway,
        }
    }

    fn is_blank(&self) -> bool {
        PARTS.iter().all(|part| plain(self.part(*part)).is_empty())
    }

    fn read(&self) -> Result<StaticRoute, Vec<(RoutePart, Rule)>> {
        let destination = address_and_mask(&self.destination, &self.mask).map_err(|issues| {
            let part = |field| if field == Field::Mask { RoutePart::Mask } else { RoutePart::Destination };
            issues.into_iter().map(|(field, rule)| (part(field), rule)).collect::<Vec<_>>()
        });
        let gateway = optional_address(&self.gateway).map_err(|rule| (RoutePart::Gateway, rule));
        match (destination, gateway) {
            (Ok(destination), Ok(gateway)) => Ok(StaticRoute { destination, gateway }),
            (destination, gateway) => Err(destination.err().into_iter().flatten().chain(gateway.err()).collect()),
        }
    }
}

impl RouteRows {
    pub fn of(routes: &[StaticRoute]) -> Self {
        Self(routes.iter().map(RouteRow::of).collect())
    }

    /// Without the rows that nothing was typed in: that is how a route is taken away. Then rows count as in the spec.
    #[must_use]
    pub fn tidy(mut self) -> Self {
        self.0.retain(|row| !row.is_blank());
        self
    }

    /// The fields with their names, for a form that brings them back.
    pub fn fields(&self) -> impl Iterator<Item = (String, &str)> {
        let rows = self.0.iter().zip(1..);
        rows.flat_map(|(typed, row)| PARTS.map(|part| (row_name(RouteField { row, part }), typed.part(part))))
    }

    pub fn value(&self, RouteField { row, part }: RouteField) -> &str {
        row.checked_sub(1).and_then(|i| self.0.get(i)).map_or("", |typed| typed.part(part))
    }

    /// The routes, and what is wrong with them on a port with these addresses. A row that cannot be read hides nothing of the others.
    pub fn read(&self, own: &[Ipv4Net]) -> (Vec<StaticRoute>, Vec<(Field, Rule)>) {
        let (mut routes, mut broken) = (Vec::new(), Vec::new());
        for (typed, row) in self.0.iter().zip(1..).filter(|(typed, _)| !typed.is_blank()) {
            match typed.read() {
                Ok(route) => routes.push((row, route)),
                Err(issues) => {
                    let at = |part| Field::Route(RouteField { row, part });
                    broken.extend(issues.into_iter().map(|(part, rule)| (at(part), rule)));
                }
            }
        }
        let rows = routes.iter().map(|(row, route)| (*row, route)).collect::<Vec<_>>();
        broken.extend(routes_alone(&rows, own));
        broken.sort_by_key(|(field, _)| *field);
        (routes.into_iter().map(|(_, route)| route).collect(), broken)
    }
}

impl Serialize for RouteRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields())
    }
}

/// From what the form's other fields leave over.
impl<'de> Deserialize<'de> for RouteRows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, String>::deserialize(deserializer)?;
        let field = |row, part| fields.get(&row_name(RouteField { row, part })).cloned();
        let row = |row| {
            let [destination, mask, gateway] = PARTS.map(|part| field(row, part));
            let there = destination.is_some() || mask.is_some() || gateway.is_some();
            there.then(|| RouteRow {
                destination: destination.unwrap_or_default(),
                mask: mask.unwrap_or_default(),
                gateway: gateway.unwrap_or_default(),
            })
        };
        Ok(Self((1..=MAX_ROUTES).filter_map(row).collect()))
    }
}
